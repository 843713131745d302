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


class TryState(models.TextChoices):
    """How a try on the practice bench ended."""

    RUNNING = "running", _("Answering")
    DONE = "done", _("Answered")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted")


class RealDataKind(models.TextChoices):
    """What looks like real data in a prompt; the label says it in the sentence that refuses."""

    EMAIL = "email", _("an e-mail address")
    IBAN = "iban", _("a bank account number")
    SOCIAL_SECURITY = "social_security", _("a social security number")
    PHONE = "phone", _("a phone number")
