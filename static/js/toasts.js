// Toasts. Any script, and any htmx response (HX-Trigger), requests one with an event:
//   almia:toast       {level: "info|success|warning|error", text, action?: {label, run} or {label, href, apart?}, about?}; `apart`:
//                     in a tab of its own
//   almia:toast-done  {about}: what the toast was about is over
//   almia:announce    {text}: for screen readers only

const region = document.getElementById("toasts");
const announcer = document.getElementById("announcer");
const template = document.getElementById("toast-template");
const icons = document.getElementById("toast-icons");
const LEVELS = ["info", "success", "warning", "error"];
const STAYS_MS = 7000;

function announce(text) {
  if (!announcer) return;
  // The same sentence is only read out a second time if it disappears in between.
  announcer.textContent = "";
  setTimeout(() => (announcer.textContent = text), 60);
}

function leave(toast) {
  if (toast.contains(document.activeElement)) document.getElementById("main")?.focus();
  toast.classList.add("toast--leaving");
  setTimeout(() => toast.remove(), 250);
}

// A toast that asks for an answer or reports a failure stays until it is closed; the others leave, but never under the pointer.
function settle(toast) {
  if (toast.matches(".toast--error, .toast--warning") || toast.querySelector(".toast__action")) return;
  let timer;
  const start = () => (timer = setTimeout(() => leave(toast), STAYS_MS));
  const hold = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", start);
  start();
}

function add({ level = "info", text = "", action, about } = {}) {
  if (!region || !template || !text) return;
  const kind = LEVELS.includes(level) ? level : "info";
  // The same message again replaces itself instead of piling up.
  for (const old of region.querySelectorAll(".toast")) {
    if (old.querySelector(".toast__text").firstChild?.textContent === text) old.remove();
  }
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.className = `toast toast--${kind}`;
  if (about) toast.dataset.about = about;
  const icon = icons?.content.children[LEVELS.indexOf(kind)];
  if (icon) toast.querySelector(".icon").replaceWith(icon.cloneNode(true));
  const body = toast.querySelector(".toast__text");
  body.textContent = text;
  if (action?.label) {
    const control = document.createElement(action.href ? "a" : "button");
    control.className = "toast__action";
    control.textContent = action.label;
    if (action.href) {
      control.href = action.href;
      if (action.apart) Object.assign(control, { target: "_blank", rel: "noopener" });
    } else {
      control.type = "button";
      control.addEventListener("click", () => {
        leave(toast);
        action.run?.();
      });
    }
    body.append(document.createElement("br"), control);
  }
  region.append(toast);
  announce(text);
  settle(toast);
}

document.addEventListener("almia:toast", (event) => add(event.detail));
document.addEventListener("almia:toast-done", ({ detail }) => {
  for (const toast of region?.querySelectorAll(`[data-about="${detail.about}"]`) ?? []) leave(toast);
});
document.addEventListener("almia:announce", (event) => announce(event.detail?.text ?? ""));
document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-toast-close]");
  if (close) leave(close.closest(".toast"));
});

// Those the server wrote into the page.
const written = [...(region?.querySelectorAll(".toast") ?? [])];
written.forEach(settle);
if (written.length) announce(written.map((toast) => toast.querySelector(".toast__text").textContent).join(". "));
