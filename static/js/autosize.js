// textarea[data-autosize] grows with its text. Browsers with field-sizing do it in CSS; the others get a height.

if (!CSS.supports("field-sizing", "content")) {
  const fit = (area) => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-autosize]")) fit(event.target);
  });
  // A script that fills or empties a composer dispatches "almia:resize" on it.
  document.addEventListener("almia:resize", (event) => {
    if (event.target.matches?.("textarea[data-autosize]")) fit(event.target);
  });
  document.querySelectorAll("textarea[data-autosize]").forEach(fit);
}
