"""Build static/icons.svg, the one sprite every icon of the portal comes from.

    npm install lucide-static
    python static/vendor/build_icons.py node_modules/lucide-static/icons

The sprite is committed, so the portal needs neither npm nor this script to run. The icon's id is the name the
templates use; the file is Lucide's own name, which changes between its versions more often than ours should.
"""

import re
import sys
from pathlib import Path

# id used in templates -> file of lucide-static
ICONS = {
    # places
    "home": "house",
    "book-open": "book-open",
    "message": "message-circle",
    "messages": "messages-square",
    "sparkles": "sparkles",
    "sparkle": "sparkle",
    "bot": "bot",
    "users": "users",
    "calendar": "calendar",
    "grid": "layout-grid",
    "code": "code-xml",
    "compass": "compass",
    "building": "building-2",
    "briefcase": "briefcase",
    "library": "library",
    "graduation-cap": "graduation-cap",
    # state
    "lock": "lock",
    "unlock": "lock-open",
    "check": "check",
    "check-circle": "circle-check",
    "x": "x",
    "x-circle": "circle-x",
    "info": "info",
    "alert-triangle": "triangle-alert",
    "help": "circle-question-mark",
    "clock": "clock",
    "circle": "circle",
    "circle-dot": "circle-dot",
    "minus": "minus",
    "loader": "loader-circle",
    "wifi-off": "wifi-off",
    "star": "star",
    "pin": "pin",
    "flag": "flag",
    "award": "award",
    "shield": "shield",
    "shield-check": "shield-check",
    "bell": "bell",
    # movement
    "chevron-down": "chevron-down",
    "chevron-up": "chevron-up",
    "chevron-left": "chevron-left",
    "chevron-right": "chevron-right",
    "chevrons-up-down": "chevrons-up-down",
    "arrow-up": "arrow-up",
    "arrow-down": "arrow-down",
    "arrow-left": "arrow-left",
    "arrow-right": "arrow-right",
    "corner-down-left": "corner-down-left",
    "external-link": "external-link",
    "log-in": "log-in",
    "log-out": "log-out",
    # action
    "search": "search",
    "plus": "plus",
    "pencil": "pencil",
    "trash-2": "trash-2",
    "archive": "archive",
    "more-horizontal": "ellipsis",
    "more-vertical": "ellipsis-vertical",
    "copy": "copy",
    "send": "send",
    "stop": "square",
    "play": "play",
    "pause": "pause",
    "rotate-ccw": "rotate-ccw",
    "refresh-cw": "refresh-cw",
    "undo": "undo-2",
    "download": "download",
    "upload": "upload",
    "paperclip": "paperclip",
    "link": "link",
    "share": "share-2",
    "filter": "list-filter",
    "sort": "arrow-up-down",
    "sliders": "sliders-horizontal",
    "eye": "eye",
    "eye-off": "eye-off",
    "menu": "menu",
    "panel-left": "panel-left",
    "maximize": "maximize-2",
    "thumbs-up": "thumbs-up",
    "thumbs-down": "thumbs-down",
    "printer": "printer",
    # people and settings
    "user": "user",
    "user-plus": "user-plus",
    "user-check": "user-check",
    "settings": "settings",
    "sun": "sun",
    "moon": "moon",
    "monitor": "monitor",
    "smartphone": "smartphone",
    "globe": "globe",
    "languages": "languages",
    "mail": "mail",
    "phone": "phone",
    "key": "key-round",
    "fingerprint": "fingerprint",
    "command": "command",
    # running the house
    "activity": "activity",
    "server": "server",
    "cpu": "cpu",
    "database": "database",
    "bar-chart": "chart-column",
    "gauge": "gauge",
    "scale": "scale",
    "layers": "layers",
    "git-branch": "git-branch",
    "wrench": "wrench",
    "clipboard-check": "clipboard-check",
    "list-checks": "list-checks",
    "file-text": "file-text",
    "file-code": "file-code",
    "folder": "folder",
    "inbox": "inbox",
    "hash": "hash",
    "tag": "tag",
    "lightbulb": "lightbulb",
    "target": "target",
    "pen-line": "pen-line",
    "quote": "quote",
    "table": "table",
    "image": "image",
    "zap": "zap",
    "euro": "euro",
}

SPRITE = Path(__file__).resolve().parent.parent / "icons.svg"


def symbol(name: str, source: str) -> str:
    body = re.search(r"<svg[^>]*>(.*)</svg>", source, re.S)
    if body is None:
        raise SystemExit(f"{name}: not an SVG file")
    # Stroke and fill are left to the stylesheet, so that an icon takes the colour of the text around it.
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(line.strip() for line in body[1].splitlines())}</symbol>'


def main(folder: Path) -> None:
    missing = [file for file in ICONS.values() if not (folder / f"{file}.svg").exists()]
    if missing:
        raise SystemExit(f"lucide-static has no {', '.join(missing)}")
    symbols = [symbol(name, (folder / f"{file}.svg").read_text()) for name, file in sorted(ICONS.items())]
    text = "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg">',
            "<!-- Lucide icons, ISC licence: see vendor/licences/lucide.txt. Built by vendor/build_icons.py. -->",
            *symbols,
            "</svg>",
            "",
        ]
    )
    SPRITE.write_text(text)
    print(f"{len(symbols)} icons in {SPRITE.name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
