from __future__ import annotations

import pytest

from apps.gateway.sse import MAX_EVENT, EventSplitter

STREAM = b'data: {"a": 1}\n\n: comment\n\nevent: x\ndata: one\ndata: two\n\ndata:three\n\n'
EVENTS = [b'{"a": 1}', b"one\ntwo", b"three"]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_whatever_the_line_ends_and_the_cuts(ending: bytes, size: int) -> None:
    stream = STREAM.replace(b"\n", ending)
    splitter = EventSplitter()
    found = [event for at in range(0, len(stream), size) for event in splitter.feed(stream[at : at + size])]
    assert found + splitter.flush() == EVENTS


def test_what_the_end_cuts_off_is_given_at_the_end() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: [DONE]\n") == []
    assert splitter.flush() == [b"[DONE]"]
    assert splitter.flush() == []


@pytest.mark.parametrize("end", [b"", b"\n\n"])
def test_an_event_that_is_too_large_stops_everything_but_what_came_before(end: bytes) -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: 1\n\ndata: " + b"x" * (MAX_EVENT + 1) + end) == [b"1"]
    assert splitter.overflow


def test_many_small_events_are_no_large_one() -> None:
    splitter = EventSplitter()
    assert len(splitter.feed(b"data: x\n\n" * 200_000)) == 200_000
    assert not splitter.overflow
