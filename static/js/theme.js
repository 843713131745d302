// Light, dark or like the system: shown at once, kept in the browser, and posted for a signed-in person.

const root = document.documentElement;
const metas = [...document.querySelectorAll('meta[name="theme-color"]')];
const colours = { light: metas[0]?.content, dark: metas[1]?.content };

function show(theme) {
  root.dataset.theme = theme;
  // The browser's own bar follows the choice, not the system, once there is one.
  metas.forEach((meta, index) => {
    meta.content = colours[theme] ?? colours[index === 0 ? "light" : "dark"];
  });
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
}

async function keep(form, theme) {
  try {
    localStorage.setItem("almia-theme", theme);
  } catch {
    // Closed storage: the choice applies to this page.
  }
  if (!form?.getAttribute("action")) return;
  const body = new FormData(form);
  body.set("theme", theme);
  try {
    // keepalive: the choice is sent even if the person goes on to another page at once.
    const headers = { "X-Requested-With": "fetch" };
    await fetch(form.action, { method: "POST", body, headers, redirect: "manual", keepalive: true });
  } catch {
    // Not worth mentioning: the choice is shown, and the next one will be stored.
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  event.preventDefault();
  show(button.dataset.themeChoice);
  keep(button.closest("form"), button.dataset.themeChoice);
});

show(root.dataset.theme || "auto");
