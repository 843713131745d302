// The command palette: Ctrl/Cmd-K from anywhere. htmx brings the results; this gives them roles, the arrows and Enter.

import { isComposing } from "./keys.js";

const palette = document.querySelector("[data-palette]");
const input = palette?.querySelector("[data-palette-input]");
const results = palette?.querySelector(".palette__results");
const texts = document.getElementById("texts")?.dataset ?? {};
let at = 0;
let listening = false;

const items = () => [...results.querySelectorAll(".palette__item")];

function choose(index) {
  const all = items();
  if (!all.length) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  at = (index + all.length) % all.length;
  all.forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
  input.setAttribute("aria-activedescendant", all[at].id);
  all[at].scrollIntoView({ block: "nearest" });
}

// The server sends plain links; the listbox role is only set while there are entries in it.
function dress() {
  const all = items();
  all.forEach((item, i) => {
    item.id = `palette-item-${i}`;
    item.setAttribute("role", "option");
    item.tabIndex = -1;
  });
  if (all.length) {
    results.setAttribute("role", "listbox");
    results.setAttribute("aria-label", texts.results ?? "");
  } else {
    results.removeAttribute("role");
    results.removeAttribute("aria-label");
  }
  for (const title of results.querySelectorAll(".palette__group")) title.setAttribute("role", "presentation");
  for (const group of results.querySelectorAll(":scope > *:has(.palette__item)")) {
    group.setAttribute("role", "group");
    const title = group.querySelector(".palette__group");
    if (title) group.setAttribute("aria-label", title.textContent);
  }
  input.setAttribute("aria-expanded", String(all.length > 0));
  choose(0);
}

// Before htmx has processed the page, nothing would react to a request for what is in it.
function fill() {
  if (listening && palette.open) window.htmx.trigger(input, "palette:open");
}

function show() {
  if (!palette || palette.open) return;
  document.querySelectorAll("[popover]:popover-open").forEach((sheet) => sheet.hidePopover());
  palette.showModal();
  input.select();
  fill();
}

if (palette) {
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", "palette-results");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (palette.open) palette.close();
      else show();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) show();
  });
  input.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown") choose(at + 1);
    else if (event.key === "ArrowUp") choose(at - 1);
    else if (event.key === "Home" && event.ctrlKey) choose(0);
    else if (event.key === "End" && event.ctrlKey) choose(items().length - 1);
    else if (event.key === "Escape") palette.close(); // a search field would only clear itself
    else return;
    event.preventDefault();
  });
  palette.querySelector("form").addEventListener("submit", (event) => {
    // method="dialog" would close the palette; Enter opens the chosen entry.
    event.preventDefault();
    items()[at]?.click();
  });
  results.addEventListener("click", (event) => {
    if (event.target.closest(".palette__item")) palette.close();
  });
  document.addEventListener(
    "htmx:load",
    () => {
      listening = true;
      fill();
    },
    { once: true },
  );
  // At the moment of the swap: a listbox whose entries are not options yet would be announced as broken.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === results) dress();
  });
}
