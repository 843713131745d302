// Copy buttons, and the frames around code and tables in text that came from Markdown.
//   data-copy="selector"        copies the text of the nearest ancestor that matches (or of the element in the page)
//   data-copy-text="selector"   inside that: what exactly; a <template> holds the source of what is shown
//   data-copy-html="selector"   inside that: the same with formatting, for programs that accept it (a document, an e-mail)
//   data-copy-value="text"      copies this
// A script that adds text later dispatches "almia:content" on its container.

const texts = document.getElementById("texts")?.dataset ?? {};
const codeTemplate = document.getElementById("code-template");

function toast(level, text) {
  document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level, text } }));
}

function scopeOf(button) {
  const selector = button.dataset.copy;
  return button.closest(selector) ?? button.closest(".code-block")?.querySelector(selector) ?? document.querySelector(selector);
}

function textOf(button) {
  if (button.dataset.copyValue !== undefined) return button.dataset.copyValue;
  const scope = scopeOf(button);
  const source = button.dataset.copyText ? scope?.querySelector(button.dataset.copyText) : scope;
  if (source instanceof HTMLTemplateElement) return source.content.textContent;
  if (source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement) return source.value;
  // A line end after the last line would execute a command where it is pasted.
  return (source?.textContent ?? "").replace(/\n$/, "");
}

const KEPT = ["href", "title", "start", "dir"];

// The content without what belongs to the page: buttons, boxes, classes.
function htmlOf(button) {
  const shown = button.dataset.copyHtml && scopeOf(button)?.querySelector(button.dataset.copyHtml);
  if (!shown) return "";
  const copied = shown.cloneNode(true);
  copied.querySelectorAll(".code-block__bar").forEach((bar) => bar.remove());
  copied.querySelectorAll(".code-block, .table-scroll").forEach((box) => box.replaceWith(...box.childNodes));
  for (const node of copied.querySelectorAll("*")) {
    const align = /align-(\w+)/.exec(node.className)?.[1];
    for (const name of node.getAttributeNames()) if (!KEPT.includes(name)) node.removeAttribute(name);
    if (node.hasAttribute("href")) node.setAttribute("href", node.href);
    if (align) node.setAttribute("align", align);
    if (node.localName === "table") node.setAttribute("border", "1");
  }
  return copied.innerHTML;
}

async function write(text, html, button) {
  try {
    if (!html || !window.ClipboardItem) await navigator.clipboard.writeText(text);
    else {
      const as = (type, content) => ({ [type]: new Blob([content], { type }) });
      await navigator.clipboard.write([new ClipboardItem({ ...as("text/plain", text), ...as("text/html", html) })]);
    }
    return true;
  } catch {
    return writeByCommand(text, html, button);
  }
}

// Over plain http, on an intranet host, there is no navigator.clipboard; browsers still support the old command.
function writeByCommand(text, html, button) {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.className = "visually-hidden";
  area.readOnly = true;
  area.value = text;
  // Beside the button: nothing outside an open dialog can have the focus.
  button.after(area);
  area.select();
  const fill = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData.setData("text/plain", text);
    if (html) event.clipboardData.setData("text/html", html);
  };
  addEventListener("copy", fill, true);
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    removeEventListener("copy", fill, true);
    area.remove();
    focused?.focus({ preventScroll: true });
  }
}

async function copy(button) {
  if (!(await write(textOf(button), htmlOf(button), button))) {
    toast("warning", texts.copyFailed);
    return;
  }
  // The words to change: a span, or the button itself if it contains nothing else.
  const label = button.querySelector("span") ?? (button.childElementCount ? null : button);
  const use = button.querySelector("use");
  const before = { label: label?.textContent, icon: use?.getAttribute("href") };
  document.dispatchEvent(new CustomEvent("almia:announce", { detail: { text: texts.copied } }));
  if (button.dataset.copied) return;
  button.dataset.copied = "yes";
  if (label) label.textContent = texts.copied;
  if (use) use.setAttribute("href", before.icon.replace(/#.*/, "#check"));
  setTimeout(() => {
    delete button.dataset.copied;
    if (label) label.textContent = before.label;
    if (use) use.setAttribute("href", before.icon);
  }, 1800);
}

function dress(root) {
  for (const pre of root.querySelectorAll(":is(.answer, .prose) pre")) {
    // What can scroll must be reachable by keyboard.
    pre.tabIndex = 0;
    // A group, not a region: ten landmarks called "Code" would help nobody.
    pre.setAttribute("role", "group");
    if (!pre.hasAttribute("aria-label")) pre.setAttribute("aria-label", texts.code ?? "");
    if (pre.closest(".code-block") || !codeTemplate) continue;
    const box = codeTemplate.content.firstElementChild.cloneNode(true);
    const language = /language-([\w+#.-]+)/.exec(pre.querySelector("code")?.className ?? "")?.[1];
    box.querySelector(".code-block__lang").textContent = language ?? "";
    pre.replaceWith(box);
    box.append(pre);
  }
  for (const table of root.querySelectorAll(":is(.answer, .prose) table")) {
    if (table.closest(".table-scroll, .table-wrap")) continue;
    const wrap = document.createElement("div");
    wrap.className = "table-scroll";
    table.replaceWith(wrap);
    wrap.append(table);
  }
  for (const wrap of root.querySelectorAll(".table-scroll, .table-wrap")) {
    wrap.tabIndex = 0;
    wrap.setAttribute("role", "group");
    if (!wrap.hasAttribute("aria-label")) wrap.setAttribute("aria-label", wrap.querySelector("caption")?.textContent.trim() || texts.table || "");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-value]");
  if (button) copy(button);
});
document.addEventListener("htmx:load", (event) => dress(event.target.parentElement ?? document));
document.addEventListener("almia:content", (event) => dress(event.target.parentElement ?? document));
dress(document);
