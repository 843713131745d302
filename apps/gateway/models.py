"""The registry (who serves which model, in which version, under which name) and the ledger of what was used."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.bilingual import Bilingual
from apps.core.crypto import SealedText
from apps.core.ids import uuid7

from .calls import Limits
from .enums import Adaptation, Outcome, TokenLimit, VersionStatus


class Provider(models.Model):
    """An OpenAI-compatible endpoint. Its key is stored encrypted; `key_hint` is what staff may see of it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    base_url = models.CharField(_("address"), max_length=300)
    wrapped_key = models.BinaryField(null=True, editable=False)
    sealed_api_key = SealedText(null=True, editable=False)
    key_hint = models.CharField(max_length=8, blank=True, editable=False)
    enabled = models.BooleanField(_("in use"), default=True)
    embedded = models.BooleanField(default=False, editable=False)
    from_environment = models.BooleanField(default=False, editable=False)  # address and key are set at each start
    allow_plain_http = models.BooleanField(_("allow unencrypted connections"), default=False)
    reports_usage = models.BooleanField(_("reports the tokens used"), default=True)
    token_limit = models.CharField(
        _("name of the length limit"), max_length=32, choices=TokenLimit, default=TokenLimit.MAX_TOKENS
    )
    first_timeout = models.PositiveIntegerField(
        _("seconds until the first word"), default=60, validators=[MinValueValidator(1), MaxValueValidator(600)]
    )
    idle_timeout = models.PositiveIntegerField(
        _("seconds between two words"), default=30, validators=[MinValueValidator(1), MaxValueValidator(600)]
    )
    total_timeout = models.PositiveIntegerField(
        _("seconds for a whole answer"), default=600, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    max_answer_kib = models.PositiveIntegerField(
        _("largest answer, in KiB"), default=16384, validators=[MinValueValidator(16), MaxValueValidator(65536)]
    )
    trouble = models.CharField(max_length=300, blank=True, editable=False)
    trouble_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("provider")
        permissions = [
            ("manage_models", "May manage providers, models, versions and aliases"),
            ("use_previews", "May use model versions that are not in service yet"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["embedded"], condition=Q(embedded=True), name="gateway_provider_one_embedded"),
            models.CheckConstraint(
                condition=Q(first_timeout__gte=1, idle_timeout__gte=1, total_timeout__gte=1, max_answer_kib__gte=16),
                name="gateway_provider_limits_positive",
            ),
            models.CheckConstraint(
                condition=Q(total_timeout__gte=F("first_timeout"), total_timeout__gt=0) & Q(total_timeout__gte=F("idle_timeout")),
                name="gateway_provider_total_longest",
            ),
            models.CheckConstraint(
                condition=Q(sealed_api_key__isnull=True, wrapped_key__isnull=True)
                | Q(sealed_api_key__isnull=False, wrapped_key__isnull=False),
                name="gateway_provider_key_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_key(self) -> bool:
        return self.wrapped_key is not None

    @property
    def is_managed(self) -> bool:
        """Whether address and key are set at start, not by staff."""
        return self.embedded or self.from_environment

    def begin_anew(self) -> None:
        """Forget what requests to its versions leave out: a different server refuses different things."""
        self.versions.exclude(adaptations={}).update(adaptations={})

    @property
    def limits(self) -> Limits:
        return Limits(first=self.first_timeout, idle=self.idle_timeout, total=self.total_timeout, size=self.max_answer_kib * 1024)


class Model(models.Model):
    """A line of models, across its versions: “Mistral Large”, “SmolLM2 135M Instruct”."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    publisher = models.CharField(_("publisher"), max_length=80, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("model")

    def __str__(self) -> str:
        return self.name


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def usable(self, statuses: list[str], on: date | None = None) -> ModelVersionQuerySet:
        """Versions in one of `statuses` whose provider is in use and whose last day has not come."""
        on = on or timezone.localdate()
        return self.filter(Q(retires_on__isnull=True) | Q(retires_on__gt=on), status__in=statuses, provider__enabled=True)


class ModelVersion(models.Model):
    """One version of a model as one provider serves it. The unit that is priced, tested, put in service and retired.

    `retires_on` is the first day on which it is refused, whatever its status: some providers simply stop on the date.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions", verbose_name=_("model"))
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="versions", verbose_name=_("provider"))
    label = models.CharField(_("version"), max_length=32)
    upstream_name = models.CharField(_("name at the provider"), max_length=160)
    status = models.CharField(_("status"), max_length=12, choices=VersionStatus, default=VersionStatus.PREVIEW)
    released_on = models.DateField(_("released on"), null=True, blank=True)
    deprecated_on = models.DateField(_("phased out from"), null=True, blank=True)
    retires_on = models.DateField(_("refused from"), null=True, blank=True)
    context_window = models.PositiveIntegerField(_("context window, in tokens"), null=True, blank=True)
    max_output_tokens = models.PositiveIntegerField(_("longest answer, in tokens"), null=True, blank=True)
    price_in = models.DecimalField(
        _("price per million tokens read"),
        max_digits=12,
        decimal_places=6,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    price_out = models.DecimalField(
        _("price per million tokens written"),
        max_digits=12,
        decimal_places=6,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}$", _("Three capital letters."))]
    )
    # What its server refuses, by code: {"value": the value it would accept, "since": a date}. Learned, see services.adaptations.
    adaptations = models.JSONField(default=dict, blank=True, editable=False)
    note_fr = models.CharField(_("note in French"), max_length=200, blank=True)
    note_en = models.CharField(_("note in English"), max_length=200, blank=True)
    note = Bilingual()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["model__name", "-created_at"]
        verbose_name = _("model version")
        constraints = [
            models.UniqueConstraint(
                fields=["model", "label"],
                name="gateway_version_label_once",
                violation_error_message=_("This model already has a version of this name."),
            ),
            models.CheckConstraint(condition=Q(status__in=VersionStatus.values), name="gateway_version_status_known"),
            models.CheckConstraint(condition=Q(price_in__gte=0, price_out__gte=0), name="gateway_version_prices_not_negative"),
            models.CheckConstraint(
                condition=Q(deprecated_on__isnull=True) | Q(released_on__isnull=True) | Q(deprecated_on__gte=F("released_on")),
                name="gateway_version_deprecated_after_release",
                violation_error_message=_("A version cannot be phased out before it is released."),
            ),
            models.CheckConstraint(
                condition=Q(retires_on__isnull=True) | Q(deprecated_on__isnull=True) | Q(retires_on__gte=F("deprecated_on")),
                name="gateway_version_retires_last",
                violation_error_message=_("A version cannot be refused before it is phased out."),
            ),
            models.CheckConstraint(
                condition=~Q(status=VersionStatus.DEPRECATED) | Q(deprecated_on__isnull=False),
                name="gateway_version_deprecated_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status=VersionStatus.RETIRED) | Q(retires_on__isnull=False), name="gateway_version_retired_dated"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} {self.label}"

    @property
    def adapted(self) -> list[tuple[Adaptation, int, date]]:
        """What its server refuses: each adaptation, the value it would accept (0: none), since when. An adaptation of a later
        release is skipped."""
        return [
            (Adaptation(code), int(known["value"]), date.fromisoformat(known["since"]))
            for code, known in sorted(self.adaptations.items())
            if code in Adaptation.values
        ]

    @property
    def days_left(self) -> int | None:
        """In how many days the version will be refused; None if no date is set."""
        return None if self.retires_on is None else (self.retires_on - timezone.localdate()).days

    def is_retired(self, on: date | None = None) -> bool:
        """Whether the version is refused on the day `on` (today)."""
        by_date = self.retires_on is not None and self.retires_on <= (on or timezone.localdate())
        return self.status == VersionStatus.RETIRED or by_date


class Alias(models.Model):
    """A name that stays while the version behind it changes: `almia-standard`."""

    code = models.SlugField(_("code"), primary_key=True)
    label = models.CharField(_("label"), max_length=80)
    target = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="aliases", verbose_name=_("version")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=100)
    automatic = models.BooleanField(default=False, editable=False)  # pointed at start, not by a person
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["order", "code"]
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")

    def __str__(self) -> str:
        return self.label

    @property
    def answers(self) -> bool:
        """Whether the version behind the name can be used today."""
        return self.target is not None and not self.target.is_retired() and self.target.provider.enabled


class UsageEntry(models.Model):
    """One call in the ledger. Unit prices are copied here: a later change of price does not change what was spent."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, editable=False)  # the call's own
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    alias = models.CharField(max_length=50, blank=True)
    purpose = models.CharField(max_length=32)
    reference = models.CharField(max_length=64, blank=True)
    tokens_in = models.PositiveIntegerField()
    tokens_out = models.PositiveIntegerField()
    estimated = models.BooleanField()
    price_in = models.DecimalField(max_digits=12, decimal_places=6)
    price_out = models.DecimalField(max_digits=12, decimal_places=6)
    currency = models.CharField(max_length=3)
    cost = models.DecimalField(max_digits=18, decimal_places=9)
    started_at = models.DateTimeField()
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome)
    finish_reason = models.CharField(max_length=32, blank=True)
    error_code = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["-started_at"]
        verbose_name = _("usage entry")
        verbose_name_plural = _("usage entries")
        indexes = [
            models.Index(fields=["started_at", "version"], name="gateway_usage_by_day"),
            models.Index(fields=["version", "outcome", "-started_at"], name="gateway_usage_last_success"),
            models.Index(fields=["user", "started_at"], name="gateway_usage_by_person"),
            models.Index(fields=["reference"], name="gateway_usage_by_reference"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=0), name="gateway_usage_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(outcome__in=[Outcome.COMPLETED, Outcome.STOPPED, Outcome.FAILED]), name="gateway_usage_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.reference} ({self.outcome})"


class UsageDay(models.Model):
    """The ledger's sums for one day that is over: pages about months must not read every call."""

    day = models.DateField()
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    calls = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    tokens_in = models.PositiveBigIntegerField()
    tokens_out = models.PositiveBigIntegerField()
    cost = models.DecimalField(max_digits=20, decimal_places=9)
    first_token_calls = models.PositiveIntegerField()
    first_token_ms = models.PositiveBigIntegerField()  # the sum over `first_token_calls`

    class Meta:
        ordering = ["day"]
        verbose_name = _("day of usage")
        constraints = [
            models.UniqueConstraint(fields=["day", "version", "purpose", "currency"], name="gateway_usageday_once"),
            models.CheckConstraint(condition=Q(failed__lte=F("calls")), name="gateway_usageday_failed_among_calls"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.purpose}"


class LedgerState(models.Model):
    """The day up to which the ledger has been added up; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    added_until = models.DateField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="gateway_ledgerstate_single")]

    def __str__(self) -> str:
        return f"added up until {self.added_until}"
