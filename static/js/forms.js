// Forms: the first error gets the focus, nothing is sent twice, leaving the page does not lose typed text, passwords can be shown.
//   form[data-guard]      asks before the page is left with something typed and not sent
//   form[data-no-busy]    does not mark its button busy (a download, a new tab)

const dirty = new WeakSet();
const sending = new WeakSet();

function focusFirstError(root) {
  const summary = root.querySelector("[data-form-error]");
  const field = root.querySelector(":is(input, select, textarea)[aria-invalid='true']:not([type='hidden'])");
  // A group of choices has its error on the fieldset: the focus goes to its first control.
  const group = root.querySelector(".field--invalid :is(input, select, textarea):not([type='hidden'])");
  (field ?? group ?? summary)?.focus();
}

function busy(form, on, submitter) {
  const button = submitter ?? form.querySelector("button[type='submit'], button:not([type])");
  if (!button) return;
  if (on) button.setAttribute("aria-busy", "true");
  else form.querySelectorAll("[aria-busy='true']").forEach((each) => each.removeAttribute("aria-busy"));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (sending.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  // htmx prevents the browser's own submission: its requests are followed below.
  if (event.defaultPrevented || form.hasAttribute("data-no-busy") || form.target === "_blank") return;
  sending.add(form);
  dirty.delete(form);
  busy(form, true, event.submitter);
});

// The form that an htmx request submits: itself, or through one of its buttons. Something else inside it (a field that is saved
// as one goes) must not hold back the click that submits it.
function sentForm(element) {
  return element.matches?.("form, button, [type='submit']") ? element.closest("form") : null;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = sentForm(event.detail.elt);
  if (!form || event.detail.requestConfig?.verb === "get") return;
  if (sending.has(form)) {
    event.preventDefault();
    return;
  }
  sending.add(form);
  busy(form, true, event.detail.requestConfig?.triggeringEvent?.submitter);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = sentForm(event.detail.elt);
  if (!form) return;
  sending.delete(form);
  if (event.detail.successful) dirty.delete(form);
  busy(form, false);
});

// The browser's back button brings the page as it was left: in the middle of sending.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    sending.delete(form);
    busy(form, false);
  }
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.hasAttribute("data-guard")) dirty.add(form);
});
window.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-guard]")].some((form) => dirty.has(form))) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const input = document.getElementById(button.getAttribute("aria-controls"));
  if (!input) return;
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.querySelector?.("[aria-invalid='true'], [data-form-error]")) focusFirstError(event.target);
});
focusFirstError(document);

// What the server saves as one goes: the form learns what it has seen, and sends again what was refused because it had not.
document.addEventListener("almia:seen", (event) => {
  const form = document.getElementById(event.detail.form);
  if (!form) return;
  form.elements.seen.value = event.detail.seen;
  if (event.detail.again) form.dispatchEvent(new Event("change", { bubbles: true }));
});
