from __future__ import annotations

from typing import Any

from django.utils.functional import Promise


class LiveError(Exception):
    """A command is refused. `code` is for programs, `message` a sentence for the person, `details` JSON values."""

    def __init__(self, code: str, message: str | Promise, **details: Any) -> None:
        super().__init__(str(message))
        self.code = code
        self.message: str | Promise = message
        self.details = details

    def frame(self, ref: str | None = None) -> dict[str, Any]:
        """Return the error frame that answers the client's frame `ref`."""
        frame = {"type": "error", "code": self.code, "message": str(self.message), **self.details}
        if ref is not None:
            frame["ref"] = ref
        return frame
