"""Reading the HTML of a response."""

from __future__ import annotations

import re
from typing import Any


def markup(response: Any) -> str:
    """Return the HTML of `response` on one line: how its templates are broken into lines makes no difference."""
    text = " ".join(response.content.decode().split())
    return re.sub(r" (/?>)", r"\1", text.replace("> <", "><"))
