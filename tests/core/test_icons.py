from __future__ import annotations

import logging

import pytest
from django.template import Context, Template

from apps.core import icons
from tests.strict.icons import UnknownIcon, in_production


def drawn(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert drawn('{% icon "check" %}') == (
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="/static/icons.svg#check"></use></svg>'
    )
    labelled = drawn('{% icon name "icon--small" label=words %}', name="lock", words='"Locked" & kept')
    assert 'class="icon icon--small" role="img" aria-label="&quot;Locked&quot; &amp; kept"' in labelled
    assert "aria-hidden" not in labelled


def test_an_icon_that_does_not_exist_fails_in_tests() -> None:
    with pytest.raises(UnknownIcon):
        drawn('{% icon "no-such-icon" %}')


def test_and_is_nothing_but_an_error_in_the_log_in_production(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(icons, "unknown", in_production)
    with caplog.at_level(logging.ERROR):
        assert drawn('a{% icon "no-such-icon" %}b') == "ab"
    assert "no-such-icon" in caplog.text
