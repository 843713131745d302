// The conversation: sends, streams, stops, resumes, edits. The server decides what is shown; this fills in answers being written.

import { AnswerStream } from "./answer-stream.js";
import { drop, keep, kept } from "./drafts.js";
import { isComposing } from "./keys.js";
import { live, tell } from "./live.js";
import { sayAloud } from "./markdown.js";

const scroller = document.getElementById("chat-scroll");
const thread = document.getElementById("thread");
const form = document.getElementById("composer");
const field = document.getElementById("composer-text");
const fault = document.getElementById("composer-error");
const sendButton = form.querySelector('[type="submit"]');
const stopButton = document.getElementById("composer-stop");
const latestButton = document.getElementById("chat-latest");
const statusLine = document.getElementById("chat-status");
const conversation = thread?.dataset.conversation ?? null;

// --- Scrolling: stay at the end only while the reader is there ---------------------------------------------------------------

let atEnd = true;
const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
scroller.addEventListener("scroll", () => {
  atEnd = nearEnd();
  latestButton.hidden = atEnd;
});
const toEnd = () => {
  scroller.scrollTop = scroller.scrollHeight;
};
latestButton.addEventListener("click", () => {
  toEnd();
  field.focus();
});

// --- Answers being written -----------------------------------------------------------------------------------------------------

const answers = new Map(); // by run
const writing = () => [...answers.values()][0];

function watch(item) {
  const { run } = item.dataset;
  const answer = new AnswerStream(run, item.querySelector("[data-answer]"), {
    ask: (verb, fields) => live.request({ type: `chat.${verb}`, run, ...fields }),
    drawn: () => atEnd && toEnd(),
    ended: (frame) => finish(item, frame),
    refused: (error) => {
      answers.delete(run);
      say(error);
      settle();
    },
  });
  answers.set(run, answer);
  return answer;
}

function settle() {
  const busy = Boolean(writing());
  sendButton.hidden = busy;
  stopButton.hidden = !busy;
}

function adopt() {
  for (const [run, answer] of answers) {
    if (answer.box.isConnected) continue;
    answer.leave();
    answers.delete(run);
  }
  for (const item of thread?.querySelectorAll('[data-run][data-state="streaming"]') ?? []) {
    if (!answers.has(item.dataset.run)) watch(item).resume();
  }
  settle();
}

async function refresh() {
  if (!thread) return;
  try {
    const answer = await fetch(thread.dataset.url, { headers: { "HX-Request": "true" } });
    if (!answer.ok) {
      if (answer.status === 403 || answer.status === 404) location.reload();
      return;
    }
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    const stay = atEnd;
    const items = [...fresh.content.querySelectorAll(".thread > li")];
    const list = thread.querySelector(".thread");
    const key = (item) => item.dataset.run ?? item.dataset.message;
    const old = new Map([...list.children].map((item) => [key(item), item]));
    // What is being written here stays as it is, with its cursor position; everything else is the server's.
    const kept = items.map((item) => {
      const mine = old.get(key(item));
      if (mine && (item.dataset.state === "streaming" || mine.matches("[data-not-kept]"))) return mine;
      if (mine?.querySelector("[data-editing]")) return mine;
      return mine && mine.outerHTML === item.outerHTML ? mine : item;
    });
    list.replaceChildren(...kept);
    kept.forEach((item) => window.htmx.process(item));
    list.dispatchEvent(new CustomEvent("almia:content", { bubbles: true }));
    if (stay) toEnd();
    adopt();
  } catch {
    // The network is down: the socket says so, and this runs again when it is back.
  }
}

const listChanged = () => document.dispatchEvent(new CustomEvent("almia:conversations"));

live.on("conversation.changed", (frame) => {
  listChanged();
  if (frame.conversation !== conversation) return;
  if (frame.change === "deleted") {
    if (field.value.trim() && !kept("new")) keep("new", field.value); // what was being written begins another conversation
    location.assign(document.querySelector(".conversations__new").href);
  }
  else if (frame.change === "renamed") location.reload();
  else if (frame.change === "ended" && answers.has(frame.run)) return; // its end comes on the stream
  else refresh();
});

function finish(item, frame) {
  answers.delete(item.dataset.run);
  if (frame.state === "done") sayAloud(item.querySelector("[data-answer]"));
  else if (frame.code !== "not_kept" && frame.message) {
    document.dispatchEvent(new CustomEvent("almia:announce", { detail: { text: frame.message } }));
  }
  settle();
  if (frame.code === "not_kept") {
    // The page has more of it than the server: the page's text stays.
    item.toggleAttribute("data-not-kept", true);
    item.dataset.state = frame.state;
    say(frame);
  } else refresh();
}

// --- Sending ----------------------------------------------------------------------------------------------------------------------

let sending = false;

function say(error) {
  tell(fault, error);
  field.toggleAttribute("aria-invalid", Boolean(error));
}

function show(text, frame) {
  const list = thread.querySelector(".thread");
  const add = (id, classes, data) => {
    const item = document.createElement("li");
    item.className = classes;
    Object.assign(item.dataset, data);
    item.append(document.getElementById(id).content.cloneNode(true));
    list.append(item);
    return item;
  };
  if (text !== null) {
    add("message-template", "message message--mine", { message: frame.message }).querySelector("[data-text]").textContent = text;
  }
  const item = add("answer-template", "message message--answer", { run: frame.run, state: "streaming" });
  item.querySelector("[data-model]").textContent = frame.model;
  watch(item);
  atEnd = true;
  toEnd();
  settle();
}

async function ask(frame, text) {
  if (sending) return false;
  sending = true;
  say(null);
  try {
    const reply = await live.request(frame);
    listChanged();
    if (frame.type === "chat.send") show(text, reply);
    else await refresh();
    return true;
  } catch (error) {
    say(error);
    if (error.code === "busy") refresh();
    return false;
  } finally {
    sending = false;
  }
}

// A message has its identity before it is sent: sent again after a broken connection, it is the same message.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = BigInt(Date.now());
  for (let index = 5; index >= 0; index -= 1, time >>= 8n) bytes[index] = Number(time & 255n);
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

let pending = null;

form.addEventListener("submit", async (event) => {
  const text = field.value.trim();
  const limit = Number(form.dataset.limit);
  if (!text || [...text].length > limit) { // as the server counts: an emoji is one
    event.preventDefault();
    field.focus();
    if (text) say({ message: form.dataset.tooLong });
    return;
  }
  if (!conversation) return; // a new conversation is a page of its own; the draft is dropped when that page is there
  event.preventDefault();
  event.stopImmediatePropagation();
  if (writing()) {
    say({ message: form.dataset.busy });
    return;
  }
  if (pending?.text !== text) pending = { text, id: newId() };
  if (await ask({ type: "chat.send", conversation, text, message: pending.id }, text)) {
    pending = null;
    // What was typed meanwhile is the next message.
    if (field.value.trim() === text) field.value = "";
    drop(field.dataset.draft, text);
    field.dispatchEvent(new CustomEvent("almia:resize", { bubbles: true }));
  }
  field.focus();
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !isComposing(event) && matchMedia("(pointer: fine)").matches) {
    event.preventDefault();
    form.requestSubmit();
  }
});

field.addEventListener("input", () => say(null));
// It was sent, but the page was left before it knew: that is no longer a draft.
if (field.value && [...(thread?.querySelectorAll("[data-message] [data-text]") ?? [])].at(-1)?.textContent.trim() === field.value.trim()) {
  drop(field.dataset.draft);
  field.value = "";
}

stopButton.addEventListener("click", () => {
  writing()?.stop().catch(say);
  field.focus();
});

document.addEventListener("click", (event) => {
  const idea = event.target.closest("[data-idea]");
  if (idea) {
    field.value = idea.dataset.idea;
    keep(field.dataset.draft, field.value);
    field.dispatchEvent(new CustomEvent("almia:resize", { bubbles: true }));
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    return;
  }
  const button = event.target.closest("[data-action]");
  const item = button?.closest(".message");
  if (!item) return;
  const action = button.dataset.action;
  if (action === "regenerate" || action === "continue") ask({ type: `chat.${action}`, run: item.dataset.run }, null);
  if (action === "edit") edit(item);
});

function edit(item, focus = true) {
  const bubble = item.querySelector("[data-text]");
  const editor = document.getElementById("editor-template").content.firstElementChild.cloneNode(true);
  const area = editor.querySelector("textarea");
  const actions = item.querySelector(".message__actions");
  const draft = `message-${item.dataset.message}`;
  area.value = kept(draft) || bubble.textContent;
  area.dataset.draft = draft; // saved as it is typed
  bubble.hidden = actions.hidden = true;
  item.prepend(editor);
  if (focus) area.focus();
  const leave = () => {
    editor.remove();
    bubble.hidden = actions.hidden = false;
    actions.querySelector('[data-action="edit"]')?.focus();
  };
  editor.querySelector("[data-cancel]").addEventListener("click", () => {
    drop(draft);
    leave();
  });
  area.addEventListener("keydown", (event) => event.key === "Escape" && !isComposing(event) && leave());
  editor.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (!text) return;
    area.removeAttribute("aria-invalid");
    editor.toggleAttribute("data-editing", false);
    if (await ask({ type: "chat.edit", message: item.dataset.message, text }, null)) drop(draft, text);
    else if (editor.isConnected) {
      editor.toggleAttribute("data-editing", true);
      area.focus();
    } else reopen(); // the page was rendered again meanwhile
  });
}

// An edit of a message that was being typed when the page was left.
function reopen() {
  for (const item of thread?.querySelectorAll("[data-message]") ?? []) {
    if (kept(`message-${item.dataset.message}`) && !item.querySelector("form")) edit(item, false);
  }
}

document.addEventListener("htmx:afterSwap", (event) => event.detail.target.id === "thread" && adopt());
document.addEventListener("almia:live", (event) => {
  statusLine.hidden = event.detail.open;
});
let before = false;
live.onOpen(() => {
  if (before) refresh(); // what was missed while the connection was down
  before = true;
});
document.addEventListener("almia:access-changed", () => thread && refresh());

adopt();
reopen();
toEnd();
