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
  const scope = button.closest(button.dataset.copy) ?? document.querySelector(button.dataset.copy);
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
  const label = button.querySelector("span");
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
    pre.setAttribute("role", "region");
    pre.setAttribute("aria-label", texts.code ?? "");
    if (pre.closest(".code") || !codeTemplate) continue;
    const box = codeTemplate.content.firstElementChild.cloneNode(true);
    const language = /language-([\w+#.-]+)/.exec(pre.querySelector("code")?.className ?? "")?.[1];
    box.querySelector(".code__lang").textContent = language ?? "";
    pre.replaceWith(box);
    box.append(pre);
  }
  for (const table of root.querySelectorAll(":is(.answer, .prose) table")) {
    if (table.closest(".table-wrap")) continue;
    const wrap = document.createElement("div");
    wrap.className = "table-wrap";
    table.replaceWith(wrap);
    wrap.append(table);
  }
  for (const wrap of root.querySelectorAll(".table-wrap")) {
    if (wrap.hasAttribute("tabindex")) continue;
    wrap.tabIndex = 0;
    wrap.setAttribute("role", "region");
    wrap.setAttribute("aria-label", wrap.querySelector("caption")?.textContent.trim() || texts.table || "");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-value]");
  if (button) copy(button);
});
document.addEventListener("htmx:load", (event) => dress(event.target.parentElement ?? document));
document.addEventListener("almia:content", (event) => dress(event.target.parentElement ?? document));
dress(document);
