"""Server-sent events, as far as chat completions use them: bytes in, the data of whole events out."""

from __future__ import annotations

MAX_EVENT = 1024 * 1024  # bytes; a token has a few dozen
BOM = b"\xef\xbb\xbf"
_FIELDS = (b":", b"event:", b"id:", b"retry:")


class EventSplitter:
    """Collects chunks until events are complete. The first byte shows what the body is: some servers send one document though a
    stream was asked for, and call either by the other's type.

    `document`: the body is one, returned whole by `flush`. `page`: the start of a page meant for people; nothing follows.
    `overflow`: an event came that is larger than any token can be; nothing follows.
    """

    __slots__ = ("_begun", "_found", "_rest", "document", "overflow", "page")

    def __init__(self) -> None:
        self._begun = False
        self._found = False
        self._rest = b""
        self.document = False
        self.page = b""
        self.overflow = False

    def flush(self) -> list[bytes]:
        """Return the data of a last event that the end of the stream cut off, or that had no blank line after it; for a body
        without any complete event, what came instead."""
        rest, self._rest = self._rest, b""
        whole = self.document or not (self._found or b"data:" in rest)
        data = rest.strip() if whole else _data_of(rest.replace(b"\r", b"\n"))
        return [data] if data else []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of the events that `chunk` completes, in order."""
        text = self._rest + chunk if self._rest else chunk
        if not self._begun and not (text := self._begin(text)):
            return []
        if self.document:
            self._rest = text
            return []
        if b"\r" in text:
            # Lines may end in CR LF or CR. A CR at the very end waits for the LF that the next chunk may bring.
            half = text.endswith(b"\r")
            text = text[: -1 if half else None].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + (b"\r" if half else b"")
        *events, self._rest = text.split(b"\n\n")
        found: list[bytes] = []
        for event in events:
            if len(event) > MAX_EVENT:
                self.overflow = True
                return found
            if event.startswith(b"data:") and b"\n" not in event:
                if data := event[5:].strip():
                    found.append(data)
            elif data := _data_of(event):
                found.append(data)
        self._found = self._found or bool(found)
        self.overflow = len(self._rest) > MAX_EVENT
        return found

    def _begin(self, text: bytes) -> bytes:
        """Find out what the body is, and return it from its first byte on; nothing until that has come."""
        start = text.removeprefix(BOM).lstrip()
        if not start or BOM.startswith(text):
            self._rest = text
            return b""
        self._begun = True
        self.document = start.startswith((b"{", b"["))
        if start.startswith(b"<"):
            self.page = start[:300]
            return b""
        return start


def _data_of(event: bytes) -> bytes:
    """Return the joined data lines of an event that has more than one line (or none: a comment). A line that is not a field
    continues the one before: some servers send JSON with its line breaks."""
    lines: list[bytes] = []
    for line in event.split(b"\n"):
        if line.startswith(b"data:"):
            lines.append(line[5:].removeprefix(b" "))
        elif lines and not line.startswith(_FIELDS):
            lines.append(line)
    return b"\n".join(lines).strip()
