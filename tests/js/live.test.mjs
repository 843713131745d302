import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { FakeSocket } from "./page.mjs";

mock.timers.enable({ apis: ["setTimeout", "Date"] });
const { live, LiveError } = await import("../../static/js/live.js");
const socket = () => FakeSocket.all.at(-1);
const hello = (user = "7") => socket().say({ type: "hello", user });

function reopen() {
  mock.timers.tick(60_000);
  hello();
}

beforeEach(() => {
  if (!live.ready) reopen();
});

test("the socket is that of the page's host, encrypted where the page is", () => {
  assert.equal(FakeSocket.all[0].url, "wss://almia.example/ws/");
});

test("an answer goes to who asked, by its number", async () => {
  const first = live.request({ type: "a" });
  const second = live.request({ type: "b" });
  const [one, two] = socket().sent.slice(-2);
  socket().say({ type: "done", ref: two.ref, value: 2 });
  socket().say({ type: "done", ref: one.ref, value: 1 });
  assert.deepEqual([(await first).value, (await second).value], [1, 2]);
});

test("a refusal rejects with its code and its frame", async () => {
  const asked = live.request({ type: "a" });
  socket().say({ type: "error", ref: socket().sent.at(-1).ref, code: "locked", message: "Not yet.", url: "/path/" });
  await assert.rejects(asked, (error) => error instanceof LiveError && error.code === "locked" && error.frame.url === "/path/");
});

test("what was under way when the line broke fails, and the socket comes back later each time", async () => {
  const asked = live.request({ type: "a" });
  const before = FakeSocket.all.length;
  socket().close(1006);
  await assert.rejects(asked, { code: "disconnected" });
  mock.timers.tick(200);
  assert.equal(FakeSocket.all.length, before);
  mock.timers.tick(600);
  assert.equal(FakeSocket.all.length, before + 1);
  socket().close(1006);
  mock.timers.tick(450);
  assert.equal(FakeSocket.all.length, before + 1);
  mock.timers.tick(1100);
  assert.equal(FakeSocket.all.length, before + 2);
});

test("what is asked while the line is broken is sent once it is back", async () => {
  socket().close(1006);
  const asked = live.request({ type: "a" });
  mock.timers.tick(1000);
  assert.deepEqual(socket().sent, []);
  hello();
  socket().say({ type: "done", ref: socket().sent[0].ref });
  assert.equal((await asked).type, "done");
});

test("what was said to have failed is not sent after all", async () => {
  socket().close(1006);
  const asked = live.request({ type: "a" });
  mock.timers.tick(20_000);
  await assert.rejects(asked, { code: "no_answer" });
  hello();
  assert.deepEqual(socket().sent, []);
});

test("listeners hear their type until they are taken off, openers each opening", () => {
  const heard = [];
  const off = live.on("run.chunk", (frame) => heard.push(frame.text));
  const close = live.onOpen(() => heard.push("open"));
  socket().say({ type: "run.chunk", text: "a" });
  off();
  socket().say({ type: "run.chunk", text: "b" });
  socket().close(1006);
  reopen();
  close();
  assert.deepEqual(heard, ["open", "a", "open"]);
});

test("after the session has ended nothing is sent until it is back", async () => {
  const before = FakeSocket.all.length;
  socket().close(4401);
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, before);
  await assert.rejects(live.request({ type: "a" }), { code: "signed_out" });
  document.dispatchEvent(new Event("almia:signed-in"));
  mock.timers.tick(1);
  assert.equal(FakeSocket.all.length, before + 1);
  hello();
  assert.equal(live.ended, false);
});

// The last test: from here on the socket stays closed.
test("for somebody else the socket stays shut", async () => {
  socket().close(1006);
  mock.timers.tick(60_000);
  hello("8");
  const count = FakeSocket.all.length;
  await assert.rejects(live.request({ type: "a" }), { code: "other_person" });
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, count);
});
