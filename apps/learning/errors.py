from __future__ import annotations

from apps.core.refusals import Refusal


class LearningError(Refusal):
    """Something cannot be done."""


class BadAnswer(LearningError):
    """An answer is missing, incomplete or not one of those offered."""

    code = "bad_answer"


class CheckUnanswered(LearningError):
    """A lesson is not done before its question was answered."""

    code = "check_unanswered"


class QuizClosed(LearningError):
    """The quiz cannot be started yet, or not any more."""

    code = "quiz_closed"


class AttemptSubmitted(LearningError):
    """The attempt was handed in: its answers no longer change."""

    code = "attempt_submitted"


class RealData(LearningError):
    """A prompt seems to hold real data; nothing was sent."""

    code = "real_data"


class TriesUsedUp(LearningError):
    """No try is left on this exercise, or one is still under way."""

    code = "no_tries"


class AnsweredSince(LearningError):
    """Another page has answered since; `stored` is the fingerprint of what it left."""

    code = "answered_since"

    def __init__(self, stored: str) -> None:
        super().__init__("answered since")
        self.stored = stored
