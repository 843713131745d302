"""What can go wrong between a person and a model: one exception, a closed list of codes, a sentence for each."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from apps.core.refusals import Refusal

from .enums import Adaptation


class Code(StrEnum):
    PROVIDER_UNREACHABLE = "provider_unreachable"
    TIMEOUT_FIRST = "timeout_first"
    TIMEOUT_IDLE = "timeout_idle"
    TIMEOUT_TOTAL = "timeout_total"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    PROVIDER_ERROR = "provider_error"
    BAD_ANSWER = "bad_answer"
    EMPTY_ANSWER = "empty_answer"
    CUT_OFF = "cut_off"
    TOO_LARGE = "too_large"
    MODEL_RETIRED = "model_retired"
    NO_MODEL = "no_model"
    NOT_CONFIGURED = "not_configured"
    CONTENT_REFUSED = "content_refused"
    CONTEXT_FULL = "context_full"


# Permanent: the same call would fail in the same way, so people are not advised to try again.
_PERMANENT = {
    Code.QUOTA_EXHAUSTED,
    Code.TOO_LARGE,
    Code.MODEL_RETIRED,
    Code.NO_MODEL,
    Code.NOT_CONFIGURED,
    Code.CONTENT_REFUSED,
    Code.CONTEXT_FULL,
}

_SENTENCES: dict[Code, Any] = {
    Code.PROVIDER_UNREACHABLE: _("The model cannot be reached at the moment. Please try again in a minute."),
    Code.TIMEOUT_FIRST: _("The model did not begin to answer in time. Please try again."),
    Code.TIMEOUT_IDLE: _("The model stopped in the middle of its answer. What it had written is kept."),
    Code.TIMEOUT_TOTAL: _("The answer took too long and was ended. What the model had written is kept."),
    Code.RATE_LIMITED: _("Too many people are asking this model at the same time. Please try again in a moment."),
    Code.QUOTA_EXHAUSTED: _(
        "What the company may use of this model is used up. Choose another model, or tell an administrator of Almia."
    ),
    Code.PROVIDER_ERROR: _("The model had a problem and could not answer. Please try again."),
    Code.BAD_ANSWER: _("The model sent something that cannot be read. What came before it is kept."),
    Code.EMPTY_ANSWER: _("The model ended without writing an answer. Please try again."),
    Code.CUT_OFF: _("The answer was cut off before its end. What the model had written is kept."),
    Code.TOO_LARGE: _("The model sent far more than an answer may hold. It was ended; what came before is kept."),
    Code.MODEL_RETIRED: _("This version of the model has been retired. Please choose another one."),
    Code.NO_MODEL: _("This model does not exist or is not open to you. Please choose another one."),
    Code.NOT_CONFIGURED: _(
        "No model is ready to answer yet. "
        "Ask an administrator of Almia: they can add one, or see what is wrong, on the models page."
    ),
    Code.CONTENT_REFUSED: _("The model's provider refused this content. Please put your request differently."),
    Code.CONTEXT_FULL: _("This is more text than the model can read at once. Shorten it, or begin a new conversation."),
}

# Said instead when part of the answer is already there.
_BROKEN_OFF: dict[Code, Any] = {
    **dict.fromkeys(
        (Code.PROVIDER_UNREACHABLE, Code.PROVIDER_ERROR, Code.RATE_LIMITED),
        _("The model broke off its answer. What it had written is kept."),
    ),
    Code.EMPTY_ANSWER: _("The model added nothing more. What it had written is kept."),
}


class Refused(NamedTuple):
    """The piece of a request that a provider does not accept, and the value it would accept instead (0: none). `lasting`: whether
    that applies to every call, or only with this call's prompt."""

    piece: Adaptation
    figure: int = 0
    lasting: bool = True


class GatewayError(Refusal):
    """A call that could not be made, or not completed. `str()` is a sentence for the person, in the active language.

    `code`: a `Code`. `detail`: what staff need to fix it (a status, the provider's words), never shown to the person and never
    a secret.
    `begun`: whether text had come before. `retry_after`: seconds the provider asks to wait. `status`: its HTTP status, if any.
    `refused`: the piece of the request that the provider does not accept, if it says so.
    """

    code: Code

    def __init__(
        self,
        code: Code,
        *,
        detail: str = "",
        retry_after: int | None = None,
        status: int | None = None,
        permanent: bool | None = None,
        begun: bool = False,
        refused: Refused | None = None,
    ) -> None:
        super().__init__(_SENTENCES[code], code=code)
        self.detail = detail
        self.retry_after = retry_after
        self.status = status
        self.begun = begun
        self.refused = refused
        self.permanent = code in _PERMANENT if permanent is None else permanent

    def __str__(self) -> str:
        if self.begun and self.code in _BROKEN_OFF:
            return str(_BROKEN_OFF[self.code])
        if self.code is Code.RATE_LIMITED and self.retry_after:
            return str(
                _("Too many people are asking this model at the same time. Please try again in %(seconds)s seconds.")
                % {"seconds": self.retry_after}
            )
        return super().__str__()

    def __repr__(self) -> str:
        return f"GatewayError({str(self.code)!r}, detail={self.detail!r})"


def failure_in_words(code: str, text: str) -> str:
    """Return in a sentence why an answer failed whose `text` is kept: the same sentence live and when it is read again."""
    return str(GatewayError(Code(code), begun=bool(text)))
