// Blocking and tiny, before the first paint: the theme somebody chose before signing in, and the mark that scripts run.
// A signed-in person's choice comes from the server in data-theme and wins.
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  if (root.hasAttribute("data-theme-kept")) return;
  try {
    const theme = localStorage.getItem("almia-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage may be closed by the browser's policy: the system's theme then applies.
  }
})();
