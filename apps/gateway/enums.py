from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

STANDARD_ALIAS = "almia-standard"  # what people talk to unless they choose otherwise
EMBEDDED_UPSTREAM = "smollm2-135m-instruct"
EMBEDDED_CONTEXT = 4096  # tokens that one conversation may take; the model was trained on twice as many


class VersionStatus(models.TextChoices):
    """The stages in a model version's life."""

    PREVIEW = "preview", pgettext_lazy("model version", "Preview")
    ACTIVE = "active", _("In service")
    DEPRECATED = "deprecated", _("Being phased out")
    RETIRED = "retired", _("Retired")


class Outcome(models.TextChoices):
    """How a call ended."""

    WAITING = "waiting", _("Not begun")
    COMPLETED = "completed", _("Completed")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")


class AnswerState(models.TextChoices):
    """The state of an answer. `streaming` is the only one that is not final."""

    STREAMING = "streaming", _("Being written")
    DONE = "done", _("Complete")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted")


class Adaptation(models.TextChoices):
    """What a version's server refuses, and what requests to it do instead. Learned from its first refusal."""

    NO_USAGE = "no_usage", _("It does not report the tokens used: they are estimated.")
    OTHER_LIMIT = "other_limit", _("It takes the limit on the answer’s length under its other name.")
    NO_LIMIT = "no_limit", _("It takes no limit on the answer’s length: none is sent.")
    LOWER_LIMIT = "lower_limit", _("It writes shorter answers than its registered limit: a lower one is sent.")
    NO_SYSTEM = "no_system", _("It takes no instructions of their own: they stand at the head of the first message.")
    NO_STREAM = "no_stream", _("It does not write word by word: each answer comes in one piece.")


class TokenLimit(models.TextChoices):
    """The name under which a provider accepts the limit on the answer's length."""

    MAX_TOKENS = "max_tokens", "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens", "max_completion_tokens"
