// The practice bench: a prompt goes to a real model over the page's socket, the answer streams in, and every try stays readable.
import { AnswerStream } from "./answer-stream.js";
import { drop, keep } from "./drafts.js";
import { isComposing } from "./keys.js";
import { live, tell } from "./live.js";
import { sayAloud } from "./markdown.js";

for (const bench of document.querySelectorAll("[data-bench]")) start(bench);

function start(bench) {
  const find = (name) => bench.querySelector(`[data-bench-${name}]`);
  const form = find("form");
  const prompt = find("prompt");
  const send = find("send");
  const stop = find("stop");
  const failure = find("error");
  const list = find("tries");
  const texts = find("texts").dataset;
  let running = null; // the answer that is being written
  let sending = false;
  let left = Number(bench.dataset.left);

  function show() {
    send.disabled = sending || running !== null || left === 0;
    send.setAttribute("aria-busy", String(sending));
    stop.hidden = running === null;
  }

  function count() {
    find("count").textContent = [...prompt.value].length; // as the server counts: an emoji is one
  }

  function complain(error) {
    tell(failure, error);
    prompt.toggleAttribute("aria-invalid", Boolean(error));
  }

  function note(frame) {
    if (frame.left === undefined) return;
    left = frame.left;
    find("left").textContent = frame.left_text;
  }

  function add(id, words) {
    const item = find("template").content.firstElementChild.cloneNode(true);
    item.dataset.try = id;
    item.querySelector("[data-try-prompt]").textContent = words;
    list.append(item);
    return item;
  }

  function follow(item) {
    running = new AnswerStream(item.dataset.try, item.querySelector("[data-try-answer]"), {
      ask: (verb, fields) => live.request({ type: `practice.${verb}`, try: item.dataset.try, ...fields }),
      ended: (frame) => finish(item, frame),
      refused: (error) => {
        running = null;
        complain(error);
        show();
      },
    });
    show();
    return running;
  }

  function finish(item, frame) {
    running = null;
    const answer = item.querySelector("[data-try-answer]");
    if (frame.html !== undefined) answer.innerHTML = frame.html; // rendered and cleaned by the server
    answer.dispatchEvent(new CustomEvent("almia:content", { bubbles: true }));
    if (!answer.textContent.trim() && frame.state === "done") answer.textContent = texts.empty;
    item.dataset.state = frame.state;
    const state = item.querySelector("[data-try-state]");
    state.textContent = texts[frame.state] ?? "";
    state.hidden = !state.textContent;
    if (frame.message) complain(frame);
    else sayAloud(answer.parentElement);
    note(frame);
    show();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // forms.js marks a submitted form as busy until a page answers; here the socket does that.
    event.stopPropagation();
    if (sending || running || left === 0) return;
    const words = prompt.value.trim();
    complain(null);
    sending = true;
    show();
    try {
      const reply = await live.request({ type: "practice.ask", exercise: Number(bench.dataset.exercise), prompt: words });
      drop(prompt.dataset.draft, words);
      note(reply);
      const item = add(reply.try, words);
      follow(item);
      item.scrollIntoView({ block: "nearest" });
    } catch (error) {
      complain(error);
      prompt.focus();
    } finally {
      sending = false;
      show();
    }
  });

  stop.addEventListener("click", () => {
    if (!running) return;
    stop.disabled = true;
    prompt.focus(); // the button is about to disappear
    running
      .stop()
      .catch(complain)
      .finally(() => (stop.disabled = false));
  });

  find("insert")?.addEventListener("click", () => {
    const material = find("material").textContent.trim();
    const before = prompt.value.trimEnd();
    prompt.value = `${before}${before ? "\n\n" : ""}${material}`;
    prompt.dispatchEvent(new Event("almia:resize", { bubbles: true }));
    keep(prompt.dataset.draft, prompt.value);
    count();
    prompt.focus();
    prompt.setSelectionRange(before.length, before.length);
  });

  prompt.addEventListener("input", () => {
    count();
    complain(null);
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !isComposing(event) && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  const unfinished = list.querySelector('[data-state="streaming"]');
  if (unfinished) follow(unfinished).resume();
  count();
  show();
}
