"""A service refuses with a sentence for the person: one error, which the socket, the API, forms and pages each convert
in one place. Nothing else catches it only to repeat it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.functional import Promise


class Refusal(Exception):
    """What was asked is refused, and nothing of it was done. `str()` is the sentence, in the active language.

    `code`: for programs. `field`: the field of the form or request it is about, empty if it is about the whole. A subclass has
    its own values of both; whoever raises it can override them.
    """

    code = "refused"
    field = ""

    def __init__(self, sentence: str | Promise, *, code: str = "", field: str = "") -> None:
        super().__init__(sentence)
        self.code = code or self.code
        self.field = field or self.field

    def __str__(self) -> str:
        return str(self.args[0])


class _Heard:
    """Ends the block in which a service refuses, and reports the refusal."""

    def __init__(self, tell: Callable[[Refusal], None]) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if not isinstance(error, Refusal):
            return False
        self._tell(error)
        return True


def refusals_on(form: BaseForm, field: str | None = None) -> _Heard:
    """Put what a service refuses on `form`: beside the field it names, else beside `field`, else above the form."""
    return _Heard(lambda refusal: form.add_error(refusal.field if refusal.field in form.fields else field, str(refusal)))


def refusals_told(request: HttpRequest, level: int = messages.ERROR) -> _Heard:
    """Show what a service refuses on the next page."""
    return _Heard(lambda refusal: messages.add_message(request, level, str(refusal)))
