import assert from "node:assert/strict";
import { test } from "node:test";
import "./page.mjs";

// Before the module is loaded: what another person left in this tab, and what the server has accepted.
sessionStorage.setItem("almia:draft:8:prompt", JSON.stringify({ text: "of somebody else" }));
sessionStorage.setItem("almia:draft:7:sent", JSON.stringify({ text: "taken", sent: "ab12", sentText: "taken" }));
sessionStorage.setItem("almia:draft:7:changed", JSON.stringify({ text: "taken, and more", sent: "ab12", sentText: "taken" }));
sessionStorage.setItem("theme", "dark");
document.cookie = "almia-sent-ab12=1";
const { drop, keep, kept } = await import("../../static/js/drafts.js");

test("what somebody else left in the tab is gone, and nothing else", () => {
  assert.equal(sessionStorage.getItem("almia:draft:8:prompt"), null);
  assert.equal(sessionStorage.getItem("theme"), "dark");
});

test("what the server has taken is no draft any more, unless it was changed since", () => {
  assert.equal(kept("sent"), "");
  assert.equal(kept("changed"), "taken, and more");
});

test("a draft is kept under the name of its person", () => {
  keep("prompt", "Hello");
  assert.equal(kept("prompt"), "Hello");
  assert.deepEqual(JSON.parse(sessionStorage.getItem("almia:draft:7:prompt")), { text: "Hello" });
  keep("prompt", "");
  assert.equal(sessionStorage.getItem("almia:draft:7:prompt"), null);
});

test("a draft that has changed meanwhile is not dropped", () => {
  keep("prompt", "Hello again");
  drop("prompt", "Hello");
  assert.equal(kept("prompt"), "Hello again");
  drop("prompt", " Hello again\n");
  assert.equal(kept("prompt"), "");
});

test("a storage that is full or closed costs the draft, never the page", (context) => {
  context.mock.method(sessionStorage, "setItem", () => {
    throw new Error("full");
  });
  keep("prompt", "lost");
  assert.equal(kept("prompt"), "");
});
