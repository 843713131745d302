// The line of staff pages on narrow screens scrolls sideways: it begins where the current page stands.

const wide = matchMedia("(width >= 80rem)");

function place() {
  for (const line of document.querySelectorAll(".side__nav")) {
    const here = line.querySelector("[aria-current]");
    if (here && !wide.matches) line.scrollLeft = here.offsetLeft - (line.clientWidth - here.offsetWidth) / 2;
  }
}

place();
wide.addEventListener("change", place);
