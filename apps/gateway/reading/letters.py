"""Characters that come in halves: half an emoji per packet, bytes that are not UTF-8."""

from __future__ import annotations

import codecs
import re

# Bytes that are not UTF-8 are represented by unused characters until what follows completes them.
_BYTE = 0x10FE00


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(chr(_BYTE + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("almia.keep_bytes", _keep_bytes)
_BYTES = re.compile(f"[{chr(_BYTE)}-{chr(_BYTE + 255)}]+")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")
_HALF_AT_END = re.compile(f"(?:[\ud800-\udbff]|[{chr(_BYTE)}-{chr(_BYTE + 255)}]{{1,3}})\\Z")
_END = "\u0003"  # any whole character


def decode(data: bytes) -> str:
    """Return `data` as text, with stand-ins for the bytes that are not characters. `Letters` turns it into text."""
    return data.decode("utf-8", "almia.keep_bytes")


class Letters:
    """Joins characters that come in halves. `half`: what waits for its other half."""

    __slots__ = ("half",)

    def __init__(self) -> None:
        self.half = ""

    def mend(self, text: str) -> str:
        """Return the whole characters of `text` and what waited before it; a half whose other half does not come is replaced."""
        text = self.half + text
        self.half = ""
        text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
        if (half := _HALF_AT_END.search(text)) and _may_go_on(half[0]):
            text, self.half = text[: half.start()], half[0]
        text = _BYTES.sub(lambda found: _bytes_of(found[0]).decode(errors="replace"), text)
        return _HALF.sub("\ufffd", text)

    def rest(self) -> str:
        """Return what is left of a half whose other half will not come."""
        return self.mend(_END).removesuffix(_END) if self.half else ""


def _may_go_on(half: str) -> bool:
    if _HALF.match(half):
        return True
    try:
        _bytes_of(half).decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def _bytes_of(kept: str) -> bytes:
    return bytes(ord(letter) - _BYTE for letter in kept)
