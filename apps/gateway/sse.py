"""Server-sent events, as far as chat completions use them: bytes in, the data of whole events out."""

from __future__ import annotations

MAX_EVENT = 1024 * 1024  # bytes; a token is some dozens


class EventSplitter:
    """Gathers chunks until events are whole. `overflow`: an event larger than any token can be has come; nothing follows."""

    __slots__ = ("_rest", "overflow")

    def __init__(self) -> None:
        self._rest = b""
        self.overflow = False

    def flush(self) -> list[bytes]:
        """Return the data of a last event that the end of the stream cut off, or ended without a blank line."""
        rest, self._rest = self._rest.replace(b"\r", b"\n"), b""
        data = _data_of(rest)
        return [data] if data else []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of the events that `chunk` completes, in order."""
        text = self._rest + chunk if self._rest else chunk
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
                found.append(event[5:].strip())
            elif data := _data_of(event):
                found.append(data)
        self.overflow = len(self._rest) > MAX_EVENT
        return found


def _data_of(event: bytes) -> bytes:
    """Return the joined data lines of an event that has more than one line (or none: a comment)."""
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines).strip()
