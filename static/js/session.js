// Whose page this is, and whether that person is still signed in. Somebody may sign out and in again in another tab: the page's
// forms then have an old token. It is renewed before a form is sent, or after a request was refused because of it, and only for
// the person the page was rendered for.
//
//   person             the id of the person the page was rendered for; empty for nobody
//   await renew()      asks the server who is signed in: "same" (tokens are renewed), "other", "none", or "unknown" (no answer)
//   sayOther(), saySignedOut()   say that somebody else is signed in, or nobody any more
//
// Events on document: "almia:signed-in" when another tab has loaded a page of somebody signed in.

const texts = document.getElementById("texts")?.dataset ?? {};
export const person = document.querySelector('meta[name="signed-in"]')?.content ?? "";

// Readable by scripts on purpose: a form's token is no secret from the page that contains the form.
const cookie = () => /(?:^|; )(?:__\w+-)?csrftoken=([^;]*)/.exec(document.cookie)?.[1];
let drawnWith = cookie();
let asking = null;

export function renew() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask() {
  try {
    const answer = await fetch(texts.sessionUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) return "unknown";
    const now = await answer.json();
    if (now.person === null) return "none";
    if (now.person !== person) return "other";
    const meta = document.querySelector('meta[name="csrf-token"]');
    if (meta) meta.content = now.token;
    for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = now.token;
    drawnWith = cookie();
    return "same";
  } catch {
    return "unknown";
  }
}

export function sayOther() {
  const action = { label: texts.reload, href: location.pathname + location.search };
  document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level: "error", text: texts.otherPerson, action } }));
}

export function saySignedOut() {
  // In a new tab: what is typed here stays, and this tab resumes by itself.
  const href = `${texts.signInUrl}?next=${encodeURIComponent(location.pathname + location.search)}`;
  const action = { label: texts.signIn, href, apart: true };
  const about = "session";
  document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level: "warning", text: texts.signedOut, action, about } }));
}

// A form whose token has been replaced since the page was rendered waits for the new one, and is then sent by itself.
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!person || form.method !== "post" || cookie() === drawnWith || !form.elements.csrfmiddlewaretoken) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    const who = await renew();
    if (who === "other") {
      sayOther();
      return;
    }
    if (who === "unknown") {
      document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level: "error", text: texts.offline } }));
      return;
    }
    drawnWith = cookie(); // signed out: the form is lost, and the way to sign-in leads back here
    form.requestSubmit(submitter);
  },
  true,
);

const channel = person && "BroadcastChannel" in window ? new BroadcastChannel("almia") : null;
channel?.addEventListener("message", () => document.dispatchEvent(new CustomEvent("almia:signed-in")));
channel?.postMessage("here");
