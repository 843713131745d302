"""The drawing of the layers in docs/architecture.md, made from the contract in pyproject.toml and the pages in docs/apps/.

python -m tools.drawing            write it
python -m tools.drawing --check    fail if it is not up to date
"""

from __future__ import annotations

import sys
import textwrap

from .contract import ROOT, layers

PAGE = ROOT / "docs" / "architecture.md"
START, END = "<!-- drawing: python -m tools.drawing -->\n", "<!-- end of drawing -->\n"
WIDTH = 34  # in one line of a box


def purpose(package: str) -> str:
    """Return the first sentence of the package's page; empty if there is none (the project itself)."""
    page = ROOT / "docs" / "apps" / f"{package.removeprefix('apps.')}.md"
    if not package.startswith("apps.") or not page.exists():
        return ""
    paragraphs = [part.strip() for part in page.read_text().split("\n\n") if not part.startswith("#")]
    return " ".join(paragraphs[0].split()).split(". ")[0].rstrip(".")


def drawing() -> str:
    """Return the drawing in Mermaid's language, in its Markdown fence."""
    lines = ["flowchart TB"]
    rows = layers()
    for number, row in enumerate(rows):
        lines += [f'  subgraph layer{number}[" "]', "    direction LR"]
        for package in row:
            name = package.removeprefix("apps.")
            words = "<br>".join([f"<b>{name}</b>", *textwrap.wrap(purpose(package).replace('"', "'").replace("`", ""), WIDTH)])
            lines.append(f'    {name}["{words}"]')
        lines.append("  end")
    lines += [f"  layer{number} --> layer{number + 1}" for number in range(len(rows) - 1)]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def with_drawing(text: str) -> str:
    """Return the page with the drawing between its two marks."""
    before, mark, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not mark or not end:
        sys.exit(f"almia: {PAGE.name} has no place for the drawing: {START.strip()} and {END.strip()}.")
    return before + START + drawing() + END + after


def main() -> int:
    text = PAGE.read_text()
    fresh = with_drawing(text)
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(fresh)
    elif fresh != text:
        print("The drawing in docs/architecture.md is not that of the contract: `python -m tools.drawing` writes it.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
