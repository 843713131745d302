from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from apps.accounts.organisation import KeptVariables, Named, with_values
from apps.core.bilingual import Bilingual
from apps.core.ids import uuid7
from apps.core.markdown import render_article

from .enums import AwardSource

if TYPE_CHECKING:
    from apps.accounts.models import User


class Training(models.Model):
    """What a requirement names: something people have learnt. A course, an import or a person proves it; it knows none of
    them."""

    code = models.SlugField(primary_key=True)
    title_fr = models.CharField(max_length=160)
    title_en = models.CharField(max_length=160)
    title = Named()
    current_major = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "code"]
        verbose_name = _("training")

    def __str__(self) -> str:
        return self.title


class Charter(models.Model):
    """One version of the AI charter. Published texts never change; a new text is a new version, to be signed again."""

    version = models.PositiveIntegerField(primary_key=True)
    title_fr = models.CharField(max_length=160)
    title_en = models.CharField(max_length=160)
    title = Named()
    body_fr = models.TextField()
    body_en = models.TextField()
    body = Bilingual()  # with its variables: core.markdown replaces them
    effective_on = models.DateField()
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-version"]
        verbose_name = _("charter")

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"

    def source(self, language: str) -> str:
        """Return title and Markdown text in `language`, with their variables."""
        return f"{self.title_en}\n\n{self.body_en}" if language == "en" else f"{self.title_fr}\n\n{self.body_fr}"


class Requirement(models.Model):
    """One thing a capability asks for: a training at least at some major version, or the charter at its current version."""

    capability = models.CharField(max_length=64, db_index=True)
    training = models.ForeignKey(Training, null=True, blank=True, on_delete=models.PROTECT, related_name="requirements")
    min_major = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    charter = models.BooleanField(default=False)

    class Meta:
        ordering = ["capability", "charter", "training__order"]
        verbose_name = _("requirement")
        constraints = [
            models.CheckConstraint(
                condition=Q(training__isnull=False, charter=False) | Q(training__isnull=True, charter=True),
                name="access_requirement_one_kind",
            ),
            models.UniqueConstraint(fields=["capability", "training"], name="access_requirement_training_once"),
            models.UniqueConstraint(fields=["capability"], condition=Q(charter=True), name="access_requirement_charter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.capability}: {'charter' if self.charter else self.training_id}"

    @property
    def is_behind(self) -> bool:
        """Whether a version of the training before the current one is enough."""
        return self.training is not None and self.min_major < self.training.current_major


class AwardQuerySet(models.QuerySet["Award"]):
    def valid(self, at: datetime | None = None) -> AwardQuerySet:
        """Awards that count at `at` (now): neither revoked nor expired."""
        at = at or timezone.now()
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True)


class Award(models.Model):
    """The proof that somebody has a training at a major version. `expires_at` is fixed on the day it is awarded.

    `reminded`: how many days before the end its holder was last reminded (`mail.REMIND_DAYS`).
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="awards"
    )
    training = models.ForeignKey(Training, on_delete=models.PROTECT, related_name="awards")
    major = models.PositiveSmallIntegerField(default=1)
    awarded_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=12, choices=AwardSource)
    evidence = models.CharField(max_length=160, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revoke_reason = models.TextField(blank=True)
    reminded = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = AwardQuerySet.as_manager()

    class Meta:
        ordering = ["-awarded_at"]
        verbose_name = _("award")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("awarded_at")), name="access_award_expiry_after"
            ),
            # One proof per piece of evidence: submitting the same attempt twice awards once.
            models.UniqueConstraint(
                fields=["user", "training", "evidence"], condition=~Q(evidence=""), name="access_award_evidence_once"
            ),
        ]
        indexes = [models.Index(fields=["user", "training"], name="access_award_lookup")]

    def __str__(self) -> str:
        return f"{self.training_id} v{self.major}"


class CharterSignature(models.Model):
    """Somebody has read and signed one version of the charter.

    `values`: what its variables said in the text that was on the page, so that `text` is that text whatever the organisation has
    been called since. `digest`: the hash of that text. `told_of`: the later version that the signer was last told of by e-mail.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="charter_signatures"
    )
    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="signatures")
    signed_at = models.DateTimeField(default=timezone.now)
    language = models.CharField(max_length=8)
    values: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    told_of = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-signed_at"]
        verbose_name = _("charter signature")
        constraints = [models.UniqueConstraint(fields=["user", "charter"], name="access_signature_once")]

    def __str__(self) -> str:
        return f"charter {self.charter_id} signed"

    @property
    def text(self) -> str:
        """The title and the Markdown text that were signed."""
        return with_values(self.charter.source(self.language), self.values)

    @property
    def title(self) -> str:
        """The title that was signed."""
        return self.text.partition("\n\n")[0]

    @property
    def article(self) -> SafeString:
        """The Markdown text that was signed, as a page shows it."""
        body = self.charter.source(self.language).partition("\n\n")[2]
        with override(self.language):
            return render_article(body, KeptVariables(self.values))


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def valid(self, at: datetime | None = None) -> WaiverQuerySet:
        """Waivers that count at `at` (now)."""
        at = at or timezone.now()
        return self.filter(expires_at__gt=at, withdrawn_at__isnull=True)


class Waiver(models.Model):
    """Somebody is excused from a training until a date, for a reason, by somebody else."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="waivers"
    )
    training = models.ForeignKey(Training, on_delete=models.PROTECT, related_name="waivers")
    reason = models.TextField()
    granted_by: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="waivers_granted"
    )
    granted_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdraw_reason = models.TextField(blank=True)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ["-granted_at"]
        verbose_name = _("waiver")
        constraints = [
            models.CheckConstraint(condition=~Q(user=F("granted_by")), name="access_waiver_not_for_oneself"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("granted_at")), name="access_waiver_expiry_after"),
            models.CheckConstraint(condition=~Q(reason=""), name="access_waiver_reason"),
        ]
        indexes = [models.Index(fields=["user", "training"], name="access_waiver_lookup")]
        permissions = [
            ("manage_access", "May manage requirements, awards and waivers"),
        ]

    def __str__(self) -> str:
        return f"waiver of {self.training_id}"

    @property
    def is_running(self) -> bool:
        """Whether it excuses its person at this moment."""
        return self.withdrawn_at is None and self.expires_at > timezone.now()
