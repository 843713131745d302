// Native dialogs.
//   data-dialog-open="id"    opens the <dialog> with that id
//   data-dialog-close        closes the one it is in
//   data-dialog-now          on a <dialog>: opens with the page (a form in it came back with errors)
//   data-confirm="Question"  on a form, a submit button or a link: asks first; data-confirm-label gives the words of the button
// htmx's hx-confirm asks through the same dialog, and so does any script, with the event
//   almia:confirm            {question, label?, done(yes)}

const confirmation = document.getElementById("confirm");

function ask(question, label) {
  if (!confirmation) return Promise.resolve(window.confirm(question));
  confirmation.querySelector("#confirm-text").textContent = question;
  const yes = confirmation.querySelector("[data-confirm-yes]");
  yes.textContent = label || yes.dataset.confirmDefault;
  confirmation.returnValue = "";
  confirmation.showModal();
  return new Promise((resolve) => {
    confirmation.addEventListener("close", () => resolve(confirmation.returnValue === "confirm"), { once: true });
  });
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    document.getElementById(opener.dataset.dialogOpen)?.showModal();
    return;
  }
  const closer = event.target.closest("[data-dialog-close]");
  if (closer) {
    closer.closest("dialog")?.close();
    return;
  }
  // A click that lands on the dialog itself is on its backdrop; inside, its children receive it.
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

const agreed = new WeakSet();

document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    const source = event.submitter?.dataset.confirm ? event.submitter : form.dataset.confirm ? form : null;
    if (!source || agreed.has(form)) {
      agreed.delete(form);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await ask(source.dataset.confirm, source.dataset.confirmLabel)) {
      agreed.add(form);
      form.requestSubmit(event.submitter);
    }
  },
  // Before htmx and before the guard against double sending.
  { capture: true },
);

document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  ask(event.detail.question, event.detail.elt.dataset.confirmLabel).then((yes) => {
    if (yes) event.detail.issueRequest(true);
  });
});

document.addEventListener("almia:confirm", (event) => {
  const { question, label, done } = event.detail;
  ask(question, label).then(done);
});

document.querySelectorAll("dialog[data-dialog-now]").forEach((dialog) => dialog.showModal());
