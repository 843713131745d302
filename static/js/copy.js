// Copy buttons, and the dress of code and tables in text that came from Markdown.
//   data-copy="selector"        copies the text of the nearest ancestor that matches (or of the element in the page)
//   data-copy-text="selector"   inside that: what exactly
//   data-copy-value="text"      copies this
// A script that adds text later dispatches "almia:content" on its container.

const texts = document.getElementById("texts")?.dataset ?? {};
const codeTemplate = document.getElementById("code-template");

function toast(level, text) {
  document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level, text } }));
}

function textOf(button) {
  if (button.dataset.copyValue !== undefined) return button.dataset.copyValue;
  const selector = button.dataset.copy;
  const scope =
    button.closest(selector) ?? button.closest(".code-block")?.querySelector(selector) ?? document.querySelector(selector);
  const source = button.dataset.copyText ? scope?.querySelector(button.dataset.copyText) : scope;
  return source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement ? source.value : (source?.innerText ?? "");
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(textOf(button));
  } catch {
    toast("warning", texts.copyFailed);
    return;
  }
  // The words to change: a span, or the button itself when it holds nothing else.
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
