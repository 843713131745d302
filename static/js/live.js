// The page's socket: one per tab, at /ws/. It reconnects by itself; docs/websocket.md lists the frames.
//
//   const reply = await live.request({ type: "chat.stop", run });   rejects with a LiveError (.code, .frame)
//   live.on("answer.chunk", (frame) => …);                          returns a function that removes the listener
//   live.onOpen(() => …);                                           at each (re)connection: the place to resume
//
// After its session has ended (4401) it reconnects when the session does: when another tab has signed in, or this one is viewed.
// Only for the person the page was rendered for: for somebody else it stays closed and says so.
//
// A change of rights is announced to the whole page as the event "almia:access-changed" on document.

import { person, renew, sayOther, saySignedOut } from "./session.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15000;
const ANSWER_WITHIN = 20000;
const LOOK_AGAIN = 2000; // between two checks whether the session is back
const texts = document.getElementById("texts")?.dataset ?? {};

export class LiveError extends Error {
  constructor(code, message, frame = {}) {
    super(message);
    this.code = code;
    this.frame = frame;
  }
}

class Live {
  constructor() {
    this.socket = null;
    this.ready = false;
    this.ended = false; // the session has ended
    this.foreign = false; // somebody else's session is there
    this.looked = 0;
    this.met = false;
    this.pause = FIRST_PAUSE;
    this.count = 0;
    this.pending = new Map();
    this.waiting = [];
    this.listeners = new Map();
    this.openers = new Set();
    addEventListener("online", () => this.connectSoon(0));
    addEventListener("pageshow", (event) => event.persisted && this.connectSoon(0));
    // A socket that is still connecting ends with its page by itself; closing it would be reported as a failure.
    addEventListener("pagehide", () => this.ready && this.socket.close(1000));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.comeBack());
    addEventListener("focus", () => this.comeBack());
    document.addEventListener("almia:signed-in", () => this.comeBack(0));
    this.connect();
  }

  // Somebody is here again, or another tab has signed in: time to try.
  comeBack(apart = LOOK_AGAIN) {
    if (this.ready || Date.now() - this.looked < apart) return;
    this.looked = Date.now();
    this.connectSoon(0);
  }

  connect() {
    clearTimeout(this.timer);
    if (this.foreign || this.socket) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`);
    this.socket = socket;
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = (event) => this.lost(event.code);
  }

  connectSoon(pause = this.pause) {
    clearTimeout(this.timer);
    // Jitter: after a restart of the server, ten thousand tabs must not come back in the same second.
    this.timer = setTimeout(() => this.connect(), pause * (0.5 + Math.random()));
  }

  lost(code) {
    const wasReady = this.ready;
    this.socket = null;
    this.ready = false;
    const large = code === 1009;
    for (const { reject } of this.pending.values()) {
      reject(large ? new LiveError("too_large", texts.tooLarge) : new LiveError("disconnected", texts.offline));
    }
    this.pending.clear();
    if (this.foreign) return;
    // A socket whose session has ended does not reconnect by itself.
    if (wasReady && code !== 4401) document.dispatchEvent(new CustomEvent("almia:live", { detail: { open: false } }));
    if (code === 4401) {
      for (const { reject } of this.waiting.splice(0)) reject(new LiveError("signed_out", texts.signedOut));
      if (!this.ended) saySignedOut();
      this.ended = true;
      return;
    }
    this.connectSoon();
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  // Whether the socket belongs to the person the page was rendered for.
  meet(frame) {
    if (person && frame.user !== person) {
      this.foreign = true;
      for (const { reject } of this.waiting.splice(0)) reject(new LiveError("other_person", texts.otherPerson));
      this.socket.close(1000);
      document.dispatchEvent(new CustomEvent("almia:toast-done", { detail: { about: "session" } }));
      sayOther();
      return false;
    }
    if (this.ended) {
      this.ended = false;
      renew();
      document.dispatchEvent(new CustomEvent("almia:toast-done", { detail: { about: "session" } }));
    }
    return true;
  }

  receive(frame) {
    if (this.foreign || (frame.type === "hello" && !this.meet(frame))) return;
    if (frame.type === "hello") {
      this.ready = true;
      this.pause = FIRST_PAUSE;
      document.dispatchEvent(new CustomEvent("almia:live", { detail: { open: true } }));
      // Pushes missed while this tab was disconnected are lost: it asks again for whatever depends on rights.
      if (this.met) document.dispatchEvent(new CustomEvent("almia:access-changed"));
      this.met = true;
      for (const opener of this.openers) opener();
      for (const { send } of this.waiting.splice(0)) send();
    }
    const asked = frame.ref && this.pending.get(frame.ref);
    if (asked) {
      this.pending.delete(frame.ref);
      clearTimeout(asked.timer);
      if (frame.type === "error") asked.reject(new LiveError(frame.code, frame.message, frame));
      else asked.resolve(frame);
    }
    if (frame.type === "access.changed") document.dispatchEvent(new CustomEvent("almia:access-changed"));
    for (const listener of this.listeners.get(frame.type) ?? []) listener(frame);
  }

  request(frame) {
    return new Promise((resolve, reject) => {
      const ref = `r${++this.count}`;
      const timer = setTimeout(() => {
        this.pending.delete(ref);
        // What was reported as failed is not sent after all.
        this.waiting = this.waiting.filter((each) => each.ref !== ref);
        reject(new LiveError("no_answer", texts.failed));
      }, ANSWER_WITHIN);
      const send = () => {
        this.pending.set(ref, { resolve, reject, timer });
        this.socket.send(JSON.stringify({ ...frame, ref }));
      };
      if (this.foreign) reject(new LiveError("other_person", texts.otherPerson));
      else if (this.ready) send();
      else if (this.ended) reject(new LiveError("signed_out", texts.signedOut));
      else this.waiting.push({ ref, send, reject });
      if (this.ended) this.comeBack();
    });
  }

  on(type, listener) {
    if (!this.listeners.has(type)) this.listeners.set(type, new Set());
    this.listeners.get(type).add(listener);
    return () => this.listeners.get(type).delete(listener);
  }

  onOpen(opener) {
    this.openers.add(opener);
    if (this.ready) opener();
    return () => this.openers.delete(opener);
  }
}

export const live = new Live();

// Shows in `place` what went wrong, and a link to where it can be put right; without an error, nothing.
export function tell(place, error) {
  place.textContent = error?.message ?? "";
  place.hidden = !error;
  const url = error?.frame?.url;
  if (!url) return;
  const link = document.createElement("a");
  link.href = url;
  link.textContent = error.frame.url_label ?? error.frame.missing?.[0]?.label ?? url;
  place.append(" ", link);
}
