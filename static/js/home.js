// textarea[data-enter-sends]: Enter sends the form, Shift-Enter starts a line; on a touch screen Enter starts a line.
// textarea[data-keep]: what is typed survives a refresh of the page's content, even as a field that can only be copied from.

import { isComposing } from "./keys.js";

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.("textarea[data-enter-sends]")) return;
  if (event.key !== "Enter" || event.shiftKey || isComposing(event) || !matchMedia("(pointer: fine)").matches) return;
  event.preventDefault();
  if (field.value.trim()) field.form.requestSubmit();
});

let kept = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  const field = event.detail.target.querySelector?.("textarea[data-keep]");
  kept = field && { value: field.value, start: field.selectionStart, end: field.selectionEnd, focused: field === document.activeElement };
});

document.addEventListener("htmx:afterSettle", () => {
  const field = kept && document.querySelector("textarea[data-keep]");
  if (!field) return;
  field.value = kept.value;
  field.closest("[data-kept]")?.toggleAttribute("hidden", !kept.value);
  field.dispatchEvent(new Event("almia:resize", { bubbles: true }));
  if (kept.focused && !field.closest("[hidden]")) {
    field.focus();
    field.setSelectionRange(kept.start, kept.end);
  }
  kept = null;
});
