from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied


class Refused(PermissionDenied):
    """A refusal that says more than its status. `kind`: the end of the problem's `type`; `title`: a few words (lazy).

    `fields`: what else the problem contains.
    """

    kind = ""
    title: Any = ""

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail, code=self.kind)
        self.fields = fields
