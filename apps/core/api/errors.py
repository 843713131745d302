from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied


class Refused(PermissionDenied):
    """A refusal that means more than its status. `kind`: what the problem's `type` ends with; `title`: in a few words (lazy).

    `fields`: what else the problem holds.
    """

    kind = ""
    title: Any = ""

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail, code=self.kind)
        self.fields = fields
