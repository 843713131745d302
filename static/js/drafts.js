// What a person writes is kept in this tab until the server has accepted it: it comes back after a refusal, an ended session, an
// error of ours or a broken connection. It belongs to the person who wrote it: somebody else on the same machine finds nothing.
//
//   textarea[data-draft="name"]   is saved as it is typed; the same name elsewhere is the same draft
//   every form that is posted     is kept from the moment it is sent, without passwords, files and hidden fields
//   kept(name), keep(name, text), drop(name, text)   the same for scripts; `drop` leaves what has changed meanwhile
//
// A form says with `sent` which submission it is; the server answers with a cookie of that name once it has accepted it (accounts'
// SentMiddleware), whatever page follows.

import { person } from "./session.js";

const PREFIX = "almia:draft:";
const SENT = "almia-sent-";
const texts = document.getElementById("texts")?.dataset ?? {};
const mine = (name) => `${PREFIX}${person}:${name}`;

// If the storage is closed or full, the draft is lost, never the page.
function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
function write(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or closed.
  }
}
function keys() {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return [];
  }
}

export const kept = (name) => read(mine(name))?.text ?? "";
export const keep = (name, text) => person && write(mine(name), text ? { text } : null);
export function drop(name, text) {
  if (text === undefined || kept(name).trim() === text.trim()) write(mine(name), null);
}

// Who is here now -----------------------------------------------------------------------------------------------------------------

// A shared machine: what somebody else left in this tab is removed.
if (person) for (const key of keys()) if (!key.startsWith(mine(""))) write(key, null);

// What the server has accepted since.
const taken = new Set();
for (const [, id] of document.cookie.matchAll(new RegExp(`(?:^|; )${SENT}([0-9a-z]+)=`, "g"))) taken.add(id);
for (const key of person ? keys() : []) {
  const draft = read(key);
  if (!taken.has(draft?.sent)) continue;
  // A text that was changed after it was sent is a different one.
  if (draft.sentText === undefined || draft.sentText === draft.text) write(key, null);
  document.cookie = `${SENT}${draft.sent}=; max-age=0; path=/`;
}

// Fields that are saved as they are typed -----------------------------------------------------------------------------------------

function put(field, value) {
  field.value = value;
  field.dispatchEvent(new CustomEvent("almia:resize", { bubbles: true }));
}

function restore(root) {
  for (const field of root.querySelectorAll?.("textarea[data-draft]") ?? []) {
    const text = kept(field.dataset.draft);
    if (text && (!field.value.trim() || field.value === field.defaultValue) && !field.hasAttribute("aria-invalid")) put(field, text);
  }
}

document.addEventListener("input", ({ target }) => target.dataset?.draft && keep(target.dataset.draft, target.value));
document.addEventListener("htmx:afterSettle", (event) => restore(event.target));

// Forms that are posted ---------------------------------------------------------------------------------------------------------

const FIELDS = "input:not([type=hidden], [type=password], [type=file], [type=submit], [type=button]), textarea, select";
const fields = (form) =>
  [...form.elements].filter((field) => field.matches(FIELDS) && field.name && !field.dataset.draft && field.autocomplete !== "one-time-code");
const goesTo = (form) => new URL(form.getAttribute("action") || location.href, location);
function place(form) {
  const { pathname } = goesTo(form);
  return `form:${pathname}:${[...document.forms].filter((each) => goesTo(each).pathname === pathname).indexOf(form)}`;
}
const touched = (field) =>
  field.options
    ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0
    : written(field) !== (/^(?:checkbox|radio)$/.test(field.type) ? field.defaultChecked : field.defaultValue);
const written = (field) => (/^(?:checkbox|radio)$/.test(field.type) ? field.checked : field.value);

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function stash(form, sent) {
  const values = fields(form).map((field) => [field.name, /^(?:checkbox|radio)$/.test(field.type) ? field.value : null, written(field)]);
  if (values.length) write(mine(place(form)), { sent, values });
  return values.length > 0;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!person || event.defaultPrevented || form.method !== "post" || form.target === "_blank") return;
  if (goesTo(form).origin !== location.origin) return;
  // Signing out leaves nothing behind in the tab.
  if (goesTo(form).pathname === texts.signOutUrl) {
    for (const key of keys()) write(key, null);
    return;
  }
  // What is in the page's other forms would be lost with it.
  for (const other of document.forms) if (other !== form && other.method === "post" && fields(other).some(touched)) stash(other, newId());
  const id = newId();
  const drafts = [...form.querySelectorAll("textarea[data-draft]")];
  for (const field of drafts) write(mine(field.dataset.draft), { text: field.value, sent: id, sentText: field.value });
  if (!stash(form, id) && !drafts.length) return;
  const mark = form.elements.sent ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: "sent" }));
  mark.value = id;
});

// The page is about to be left for sign-in, for whatever reason: everything on it is saved first.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!person || event.defaultPrevented || event.detail.xhr.status !== 401) return;
  for (const form of document.forms) if (form.method === "post" && fields(form).some(touched)) stash(form, newId());
});

function bringBack() {
  for (const form of document.forms) {
    const key = mine(place(form));
    const stored = read(key);
    if (!stored?.values) continue;
    write(key, null);
    let changed = null;
    for (const [name, value, state] of stored.values) {
      const field = fields(form).find((each) => each.name === name && (value === null || each.value === value));
      if (!field || written(field) === state) continue;
      if (value === null) put(field, state);
      else field.checked = state;
      changed = field;
    }
    if (!changed) continue;
    document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level: "info", text: texts.broughtBack } }));
    changed.dispatchEvent(new Event("input", { bubbles: true }));
    changed.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

if (person) {
  restore(document);
  // Once the page's other scripts listen: an answer that comes back is saved like one that was just chosen.
  addEventListener("load", bringBack);
}
