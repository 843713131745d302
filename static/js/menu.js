// <details class="menu" data-menu>: closes on Escape, on a click outside and after a choice; the arrows move in it.

import { isComposing } from "./keys.js";

const open = () => [...document.querySelectorAll("details.menu[open]")];
const items = (menu) => [...menu.querySelectorAll(".menu__list :is(a[href], button:not(:disabled), input:not([type=hidden]))")];

// Relative to the window: below its button if there is room, else above; never past an edge.
function place(menu) {
  const list = menu.querySelector(":scope > .menu__list");
  const button = menu.querySelector(":scope > summary").getBoundingClientRect();
  const box = { width: list.offsetWidth, height: list.offsetHeight };
  const gap = 6;
  const below = innerHeight - button.bottom - gap;
  const up = menu.classList.contains("menu--up") ? button.top > box.height + gap : below < box.height && button.top > below;
  const left = menu.classList.contains("menu--start") ? button.left : button.right - box.width;
  list.style.top = `${Math.max(8, up ? button.top - gap - box.height : button.bottom + gap)}px`;
  list.style.left = `${Math.min(Math.max(8, left), Math.max(8, document.documentElement.clientWidth - box.width - 8))}px`;
  menu.setAttribute("data-placed", "");
}

// "toggle" and "scroll" do not bubble: they are caught in the capture phase.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu[data-menu]")) return;
    if (menu.open) place(menu);
    else menu.removeAttribute("data-placed");
  },
  true,
);
document.addEventListener(
  "scroll",
  (event) => {
    // It follows its button, and closes when that leaves the window.
    for (const menu of open()) {
      if (event.target !== document && menu.contains(event.target)) continue;
      const button = menu.querySelector(":scope > summary").getBoundingClientRect();
      if (button.bottom < 0 || button.top > innerHeight) menu.open = false;
      else place(menu);
    }
  },
  true,
);
window.addEventListener("resize", () => open().forEach(place));

document.addEventListener("pointerdown", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("click", (event) => {
  const item = event.target.closest(".menu__item");
  // An item that opens a dialog needs the menu closed; a switch inside the menu (theme) leaves it open.
  if (item && !item.hasAttribute("data-menu-stay")) item.closest("details.menu")?.removeAttribute("open");
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu");
  if (!menu || isComposing(event)) return;
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  menu.open = true;
  const all = items(menu);
  if (!all.length) return;
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = all.indexOf(document.activeElement);
  all[(at + step + all.length) % all.length]?.focus();
});
