// The practice bench: a prompt goes to a real model over the page's socket, the answer streams in, and every try stays to be read.
import { drop, keep } from "./drafts.js";
import { isComposing } from "./keys.js";
import { live, tell } from "./live.js";
import { GrowingText, sayAloud } from "./markdown.js";

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
  let running = null; // {item, seq, text}: the try that is being answered
  let sending = false;
  let left = Number(bench.dataset.left);

  const asItem = (id) => list.querySelector(`[data-try="${CSS.escape(id)}"]`);

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
    const answer = item.querySelector("[data-try-answer]");
    running = { item, seq: 0, text: new GrowingText(answer) };
    answer.classList.add("answer--streaming");
    show();
  }

  function resume() {
    if (!running) return;
    const now = running;
    live.request({ type: "practice.resume", try: now.item.dataset.try, last_seq: now.seq }).catch(() => {
      // The next connection asks again; the stored answer is there after a reload in any case.
    });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // forms.js marks a sent form as busy until a page answers; here the socket does.
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
      follow(add(reply.try, words));
      running.item.scrollIntoView({ block: "nearest" });
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
    prompt.focus(); // the button is about to go
    live
      .request({ type: "practice.stop", try: running.item.dataset.try })
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

  live.on("practice.chunk", (frame) => {
    if (running?.item.dataset.try !== frame.try || frame.seq <= running.seq) return;
    if (frame.after !== running.seq) {
      resume();
      return;
    }
    running.seq = frame.seq;
    running.text.add(frame.text);
  });

  live.on("practice.done", (frame) => {
    const item = asItem(frame.try);
    if (!item) return;
    const answer = item.querySelector("[data-try-answer]");
    if (running?.item === item) {
      running.text.clear();
      running = null;
    }
    answer.classList.remove("answer--streaming");
    answer.innerHTML = frame.html; // rendered and cleaned by the server
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
  });

  const unfinished = list.querySelector('[data-state="running"]');
  if (unfinished) follow(unfinished);
  live.onOpen(() => {
    if (!running) return;
    // What is on the screen is what came before; the numbers say where to go on.
    if (running.seq === 0) running.text.clear();
    resume();
  });
  count();
  show();
}
