from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from apps.core.refusals import Refusal

if TYPE_CHECKING:
    from apps.accounts.models import JobRole


class LearningError(Refusal):
    """Something cannot be done."""


class ContentFaulty(LearningError):
    """The shipped content has a fault: nothing of it is published."""

    code = "content_faulty"


class BadAnswer(LearningError):
    """An answer is missing, incomplete or not one of those offered."""

    code = "bad_answer"


class CheckUnanswered(LearningError):
    """A lesson cannot be done before its question is answered."""

    code = "check_unanswered"


class QuizClosed(LearningError):
    """The quiz cannot be started yet, or not any more."""

    code = "quiz_closed"


class AttemptSubmitted(LearningError):
    """The attempt was handed in: its answers can no longer change."""

    code = "attempt_submitted"


class RealData(LearningError):
    """A prompt seems to contain real data; nothing was sent."""

    code = "real_data"


class TriesUsedUp(LearningError):
    """No try is left on this exercise, or one is still under way."""

    code = "no_tries"


class AnsweredSince(LearningError):
    """Another page has answered since; `stored` is the fingerprint of its answer."""

    code = "answered_since"

    def __init__(self, stored: str) -> None:
        super().__init__("answered since")
        self.stored = stored


class ChosenMeanwhile(LearningError):
    """Somebody else has chosen examples for the same jobs since the page was opened. `stored`: the family each has now."""

    code = "chosen_meanwhile"

    def __init__(self, stored: Mapping[JobRole, str]) -> None:
        super().__init__(
            _("Somebody else has changed these jobs meanwhile. What you chose is still here: compare, then save it.")
        )
        self.stored = stored
