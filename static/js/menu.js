// <details class="menu" data-menu>: closes on Escape, on a click outside and after a choice; the arrows move in it.

const open = () => [...document.querySelectorAll("details.menu[open]")];
const items = (menu) => [...menu.querySelectorAll(".menu__list :is(a[href], button:not(:disabled), input:not([type=hidden]))")];

document.addEventListener("pointerdown", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("click", (event) => {
  const item = event.target.closest(".menu__item");
  // What opens a dialog needs the menu gone; a switch inside the menu (theme) leaves it open.
  if (item && !item.hasAttribute("data-menu-stay")) item.closest("details.menu")?.removeAttribute("open");
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu");
  if (!menu) return;
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
