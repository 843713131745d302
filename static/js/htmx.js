// The glue around htmx: the CSRF header, what to say when a request fails, where the focus goes after a swap.

import { renew, sayOther, saySignedOut } from "./session.js";

const texts = document.getElementById("texts")?.dataset ?? {};

function token() {
  return (
    document.querySelector('meta[name="csrf-token"]')?.content ||
    document.querySelector('input[name="csrfmiddlewaretoken"]')?.value ||
    ""
  );
}

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, headers, parameters } = event.detail;
  if (verb === "get") return;
  headers["X-CSRFToken"] = token();
  // The server looks at the form field first; a repeated request still contains the old one.
  if (parameters.csrfmiddlewaretoken) parameters.csrfmiddlewaretoken = token();
});

function say(text, action) {
  document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level: "error", text, action } }));
}

// The same request again, from the same element: a form is sent as it is now, so nothing typed since is lost.
function retry(detail) {
  const { elt, requestConfig: request } = detail;
  return {
    label: texts.retry,
    run() {
      if (elt instanceof HTMLFormElement && elt.isConnected) elt.requestSubmit();
      else window.htmx.ajax(request.verb, request.path, { source: elt, target: detail.target, values: request.parameters });
    },
  };
}

document.addEventListener("htmx:sendError", (event) => say(texts.offline, retry(event.detail)));
document.addEventListener("htmx:timeout", (event) => say(texts.failed, retry(event.detail)));
// The session has ended: a person's action leads to sign-in and back; a request of the page's own takes nobody away from it.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, requestConfig: request } = event.detail;
  if (xhr.status !== 401 || request?.verb !== "get" || request.triggeringEvent?.isTrusted) return;
  event.preventDefault();
  saySignedOut();
});

// Somebody signed in again elsewhere since this page was rendered: repeat the request once, with the current token.
const renewed = new WeakMap();

async function sendAgain(detail) {
  const last = renewed.get(detail.elt) ?? 0;
  renewed.set(detail.elt, Date.now());
  const who = Date.now() - last < 5000 ? "unknown" : await renew();
  if (who === "same") retry(detail).run();
  else if (who === "other") sayOther();
  else if (who === "none") say(texts.signedOut, retry(detail));
  else say(texts.failed, retry(detail));
}

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.getResponseHeader("X-Refused") === "csrf") {
    sendAgain(event.detail);
    return;
  }
  if (xhr.status === 409 && xhr.getResponseHeader("HX-Trigger")) return; // it says itself what to do
  const reload = { label: texts.reload, href: location.href };
  if (xhr.status === 401) say(texts.signedOut, retry(event.detail));
  else if (xhr.status === 403) say(texts.forbidden, reload);
  else if (xhr.status === 404 || xhr.status === 410) say(texts.gone, reload);
  else if (xhr.status === 429) say(texts.tooMany, retry(event.detail));
  else say(texts.failed, retry(event.detail));
});

// After a session has ended, a fragment request is answered with the sign-in page: show it as a page, not inside a card.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 200 && /^\s*<!doctype html/i.test(xhr.responseText) && !event.detail.boosted && !event.detail.selectOverride) {
    const asked = event.detail.requestConfig?.elt?.closest?.("[hx-select], [data-hx-select]");
    if (!asked && xhr.responseURL) {
      event.detail.shouldSwap = false;
      location.assign(xhr.responseURL);
    }
  }
});

// Focus: if the element that had it is swapped away, go to what the new content offers, else to its heading.
let inside = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  inside = target.contains(document.activeElement) && document.activeElement !== document.body;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const root = event.detail.elt ?? event.target;
  const announced = root.matches?.("[data-announce]") ? root : root.querySelector?.("[data-announce]");
  if (announced) {
    document.dispatchEvent(new CustomEvent("almia:announce", { detail: { text: announced.dataset.announce } }));
  }
  if (!inside || (document.activeElement && document.activeElement !== document.body)) return;
  inside = false;
  const to = root.querySelector?.("[autofocus], [data-focus]") ?? root.querySelector?.("h1, h2, h3, legend");
  if (!to) return;
  if (to.tabIndex < 0) to.tabIndex = -1;
  to.focus({ preventScroll: false });
});
