// textarea[data-enter-sends]: Enter sends the form, Shift-Enter starts a line; on a touch screen Enter starts a line.

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.("textarea[data-enter-sends]")) return;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !matchMedia("(pointer: fine)").matches) return;
  event.preventDefault();
  if (field.value.trim()) field.form.requestSubmit();
});
