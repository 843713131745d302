import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { FakeSocket } from "./page.mjs";

mock.timers.enable({ apis: ["setTimeout", "Date"] });
const { AnswerStream } = await import("../../static/js/answer-stream.js");
const { LiveError } = await import("../../static/js/live.js");
const socket = () => FakeSocket.all.at(-1);
const soon = () => new Promise((resolve) => setImmediate(resolve));
const box = () => ({ classList: new Set(), replaceChildren() {} });
let answer, asked, ends, refusals, fail, shown;

function chunk(after, seq, text) {
  socket().say({ type: "answer.chunk", id: answer.id, after, seq, text });
}

beforeEach((context) => {
  if (!socket().greeted) socket().say({ type: "hello", user: "7" });
  socket().greeted = true;
  [asked, ends, refusals, fail, shown] = [[], [], [], null, ""];
  const place = box();
  place.classList.remove = place.classList.delete;
  answer = new AnswerStream(context.name, place, {
    ask: async (verb, fields) => {
      asked.push([verb, fields]);
      if (fail) throw fail;
    },
    ended: (frame) => ends.push(frame.state),
    refused: (error) => refusals.push(error.code),
  });
  // What is drawn needs a page; what was received does not.
  answer.text = { add: (text) => (shown += text), replace: (text) => (shown = text), draw() {} };
});

afterEach(() => answer.leave());

test("pieces are taken in order, and once", () => {
  chunk(0, 1, "a");
  chunk(1, 2, "b");
  chunk(0, 1, "a");
  chunk(1, 2, "b");
  assert.equal(shown, "ab");
  assert.deepEqual(asked, []);
});

test("at a gap it asks for what comes after the last piece, once", async () => {
  chunk(0, 1, "a");
  chunk(2, 3, "c");
  chunk(3, 4, "d");
  assert.equal(shown, "a");
  assert.deepEqual(asked, [["resume", { last_seq: 1 }]]);
  await soon();
  chunk(1, 2, "b");
  chunk(2, 3, "c");
  assert.equal(shown, "abc");
});

test("an end with a piece missing is no end", async () => {
  chunk(0, 1, "a");
  socket().say({ type: "answer.end", id: answer.id, seq: 2, state: "done" });
  assert.deepEqual([ends, asked], [[], [["resume", { last_seq: 1 }]]]);
  await soon();
  chunk(1, 2, "b");
  socket().say({ type: "answer.end", id: answer.id, seq: 2, state: "done" });
  socket().say({ type: "answer.end", id: answer.id, seq: 2, state: "done" });
  assert.deepEqual([ends, shown, answer.over], [["done"], "ab", true]);
});

test("after a reconnect each answer goes on where it was", async () => {
  chunk(0, 1, "a");
  socket().close(1006);
  mock.timers.tick(60_000);
  socket().say({ type: "hello", user: "7" });
  socket().greeted = true;
  await soon();
  assert.deepEqual(asked, [["resume", { last_seq: 1 }]]);
});

test("what is stored takes the place of what is older, never of what is newer", () => {
  chunk(0, 3, "abc");
  socket().say({ type: "answer.stored", id: answer.id, seq: 2, text: "ab", state: "streaming" });
  assert.equal(shown, "abc");
  socket().say({ type: "answer.stored", id: answer.id, seq: 4, text: "abcd", state: "done" });
  assert.deepEqual([shown, ends], ["abcd", ["done"]]);
});

test("one that is being written elsewhere is asked for again", () => {
  socket().say({ type: "answer.stored", id: answer.id, seq: 1, text: "a", state: "streaming" });
  mock.timers.tick(2999);
  assert.deepEqual(asked, []);
  mock.timers.tick(1);
  assert.deepEqual(asked, [["resume", { last_seq: 1 }]]);
});

test("a line that breaks while it asks loses nothing, a refusal ends it", async () => {
  fail = new LiveError("disconnected", "");
  await answer.resume();
  assert.equal(answer.over, false);
  fail = new LiveError("not_found", "");
  await answer.resume();
  assert.deepEqual([answer.over, refusals], [true, ["not_found"]]);
});

test("what the server closes is lost, once, and nothing is taken after it", () => {
  socket().say({ type: "closed", key: `answer:${answer.id}`, code: "slow", message: "" });
  socket().say({ type: "closed", key: `answer:${answer.id}`, code: "slow", message: "" });
  chunk(0, 1, "a");
  assert.deepEqual([refusals, shown], [["slow"], ""]);
});
