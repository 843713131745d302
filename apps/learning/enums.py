from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class QuestionUse(models.TextChoices):
    """Where a question is asked."""

    QUIZ = "quiz", _("Final quiz")
    CHECK = "check", _("Check in a lesson")


class QuestionKind(models.TextChoices):
    """How a question is answered."""

    SINGLE = "single", _("One answer")
    MULTIPLE = "multiple", _("Several answers")
    CLASSIFY = "classify", _("Sort into categories")


class LearnerState(models.TextChoices):
    """How staff see somebody in one course."""

    PASSED = "passed", _("Passed")
    WAIVED = "waived", _("Waived")
    UNDER_WAY = "under_way", _("Under way")
    LAPSED = "lapsed", _("No longer valid")
    NOT_STARTED = "not_started", _("Not started")

    @property
    def tone(self) -> str:
        """The colour of its dot: good, warm or bad; empty for none."""
        return _TONES.get(self, "")


_TONES = {
    LearnerState.PASSED: "good",
    LearnerState.WAIVED: "good",
    LearnerState.UNDER_WAY: "warm",
    LearnerState.LAPSED: "bad",
}


class RealDataKind(models.TextChoices):
    """What looks like real data in a prompt; the label names it in the sentence that refuses."""

    EMAIL = "email", _("an e-mail address")
    IBAN = "iban", _("a bank account number")
    SOCIAL_SECURITY = "social_security", _("a social security number")
    CARD = "card", _("a payment card number")
    COMPANY = "company", _("a company’s registration number")
    PHONE = "phone", _("a phone number")
