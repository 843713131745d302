// An answer while a model writes it: follows it, resumes after a reconnect, drops duplicates, asks again when a piece is missing.
//
//   const answer = new AnswerStream(id, box, {
//     ask: (verb, fields) => live.request({ type: `chat.${verb}`, run: id, ...fields }),   verbs: resume {last_seq}, stop
//     ended: (frame) => …,       once, when all of it is drawn; `frame` says how (docs/websocket.md: answer.end, answer.stored)
//     refused: (error) => …,     once: it can no longer be followed
//     drawn: () => …,            after each piece that is drawn
//   });
//   answer.resume();             for one that was begun elsewhere; what this page's own request began comes by itself

import { live, LiveError } from "./live.js";
import { GrowingText } from "./markdown.js";

const LOOK_AGAIN = 3000; // for an answer that is being written, and whose stream cannot be reached
const PASSING = new Set(["disconnected", "no_answer", "signed_out"]); // the next connection asks again
const open = new Map();

export class AnswerStream {
  constructor(id, box, { ask, ended, refused, drawn }) {
    Object.assign(this, { id, box, ask, ended, refused, seq: 0, asking: false });
    this.text = new GrowingText(box, drawn);
    box.classList.add("answer--streaming");
    open.set(id, this);
  }

  get over() {
    return open.get(this.id) !== this;
  }

  // Asks for what comes after the last piece received.
  async resume() {
    if (this.asking || this.over) return;
    this.asking = true;
    try {
      await this.ask("resume", { last_seq: this.seq });
    } catch (error) {
      if (!PASSING.has(error.code)) this.lose(error);
    } finally {
      this.asking = false;
    }
  }

  stop() {
    return this.ask("stop", {});
  }

  // The page no longer shows it.
  leave() {
    if (!this.over) open.delete(this.id);
  }

  lose(error) {
    if (this.over) return;
    this.leave();
    this.refused(error);
  }

  // Frames name the piece they start after.
  take({ after, seq, text }) {
    if (seq <= this.seq) return;
    if (after !== this.seq) {
      this.resume();
      return;
    }
    this.seq = seq;
    this.text.add(text);
  }

  takeStored(frame) {
    if (frame.seq >= this.seq) {
      this.seq = frame.seq;
      this.text.replace(frame.text);
    }
    if (frame.state === "streaming") setTimeout(() => this.resume(), LOOK_AGAIN);
    else this.finish(frame);
  }

  finish(frame) {
    if (frame.seq > this.seq) {
      this.resume(); // a piece is missing; the end comes again after it
      return;
    }
    this.leave();
    this.text.draw();
    this.box.classList.remove("answer--streaming");
    this.ended(frame);
  }
}

live.on("answer.chunk", (frame) => open.get(frame.id)?.take(frame));
live.on("answer.stored", (frame) => open.get(frame.id)?.takeStored(frame));
live.on("answer.end", (frame) => open.get(frame.id)?.finish(frame));
live.on("closed", (frame) => open.get(frame.key?.replace(/^answer:/, ""))?.lose(new LiveError(frame.code, frame.message, frame)));
live.onOpen(() => {
  for (const answer of open.values()) answer.resume();
});
