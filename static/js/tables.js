// .table-wrap > .table: a table that is wider than its box becomes one card per row instead (pages/table.css), each value
// beside the name of its column. The roles restore what cells lose when they are no longer displayed as a table.

function name(table) {
  const head = [...table.querySelectorAll("thead th")];
  const names = head.map((cell) => (cell.querySelector(".visually-hidden") ? "" : cell.textContent.trim()));
  for (const group of table.querySelectorAll("thead, tbody")) group.setAttribute("role", "rowgroup");
  for (const row of table.rows) row.setAttribute("role", "row");
  for (const cell of head) cell.setAttribute("role", "columnheader");
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].forEach((cell, index) => {
      cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      if (cell.tagName === "TD" && names[index] && cell.colSpan === 1) cell.dataset.column = names[index];
      cell.toggleAttribute("data-blank", !cell.childElementCount && !cell.textContent.trim());
    });
  }
  table.setAttribute("role", "table");
}

function fit(box) {
  const table = box.querySelector(":scope > .table");
  if (!table?.tHead) return;
  if (!table.hasAttribute("role")) name(table);
  table.removeAttribute("data-stacked");
  table.toggleAttribute("data-stacked", box.scrollWidth > box.clientWidth);
}

// A frame later: an observed element must not change its size while it is being reported.
const sizes = new ResizeObserver((entries) => requestAnimationFrame(() => entries.forEach((entry) => fit(entry.target))));
const watch = (root) => root.querySelectorAll(".table-wrap").forEach((box) => sizes.observe(box));
watch(document);
document.addEventListener("htmx:load", (event) => watch(event.target.parentElement ?? document));
