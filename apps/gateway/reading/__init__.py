"""What providers send, read as an answer: from servers that keep to the protocol, and from those that almost do.

Only what decides about the text may end an answer; everything else is read loosely or skipped. docs/adr/0008 says what is
accepted and what is refused.
"""

from .reader import Reader

__all__ = ["Reader"]
