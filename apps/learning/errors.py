from __future__ import annotations


class LearningError(ValueError):
    """Something cannot be done; the message is a sentence for the person."""


class BadAnswer(LearningError):
    """An answer is missing, incomplete or not one of those offered."""


class CheckUnanswered(LearningError):
    """A lesson is not done before its question was answered."""


class QuizClosed(LearningError):
    """The quiz cannot be started yet, or not any more."""


class AttemptSubmitted(LearningError):
    """The attempt was handed in: its answers no longer change."""


class RealData(LearningError):
    """A prompt seems to hold real data; nothing was sent."""


class TriesUsedUp(LearningError):
    """No try is left on this exercise, or one is still under way."""


class AnsweredSince(LearningError):
    """Another page has answered since; `stored` is the fingerprint of what it left."""

    def __init__(self, stored: str) -> None:
        super().__init__("answered since")
        self.stored = stored
