// The staff pages: on narrow screens a line that scrolls sideways, on wide ones a scrolling column. Both start at the current page.

const wide = matchMedia("(width >= 80rem)");

function place() {
  for (const line of document.querySelectorAll(".side__nav")) {
    const here = line.querySelector("[aria-current]");
    const column = line.parentElement;
    if (!here) continue;
    if (wide.matches) column.scrollTop = here.offsetTop - (column.clientHeight - here.offsetHeight) / 2;
    else line.scrollLeft = here.offsetLeft - (line.clientWidth - here.offsetWidth) / 2;
  }
}

place();
wide.addEventListener("change", place);
