from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.validators import URLValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .enums import DataClass, Elision
from .naming import EnglishName, FrenchName

# What texts say until staff have entered something: it fits in the middle of any sentence.
NEUTRAL = {
    "organisation": {"fr": "notre entreprise", "en": "our company"},
    "ai_desk": {"fr": "le guichet IA", "en": "the AI desk"},
    "dpo": {"fr": "la DPO", "en": "the DPO"},
    "security": {"fr": "la sécurité", "en": "the security desk"},
    "product_health": {"fr": "Santé", "en": "Health"},
    "product_pension": {"fr": "Retraite", "en": "Pension"},
    "product_savings": {"fr": "Épargne", "en": "Savings"},
    "intranet": {"fr": "l’intranet", "en": "the intranet"},
    "charter_help": {"fr": "l’aide sur la charte", "en": "help with the charter"},
}
NEUTRAL_WITHIN = "dans notre entreprise"


@dataclass(frozen=True, slots=True)
class ApprovedTool:
    """A tool that may be used for work, and the classes of data it may receive."""

    name: str
    classes: tuple[DataClass, ...]
    note_fr: str = ""
    note_en: str = ""

    def note(self, language: str) -> str:
        return (self.note_en or self.note_fr) if language == "en" else (self.note_fr or self.note_en)

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(str(data_class.label) for data_class in self.classes)})"

    def to_json(self) -> dict[str, Any]:
        classes = [data_class.value for data_class in self.classes]
        return {"name": self.name, "classes": classes, "note_fr": self.note_fr, "note_en": self.note_en}


HTTPS = URLValidator(schemes=["https"], message=_("Enter an address that begins with https://."))


def _name(label: Any) -> models.CharField[str, str]:
    return models.CharField(label, max_length=120, blank=True)


def _link(label: Any) -> models.CharField[str, str]:
    return models.CharField(label, max_length=500, blank=True, validators=[HTTPS])


class Organisation(models.Model):
    """The company that uses this Almia: one row, or none while staff have entered nothing. Whatever is empty has a neutral
    wording.

    Names are stored as they are in the middle of a sentence, with their article: “la Mutuelle des Rives”, “the AI desk”.
    `revision` counts the changes: a page sends back the one it has seen.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name_fr = _name(_("name in French"))
    name_en = _name(_("name in English"))
    elision = models.CharField(_("elision in French"), max_length=8, choices=Elision, default=Elision.BY_LETTER)
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    ai_desk_fr = _name(_("AI desk, in French"))
    ai_desk_en = _name(_("AI desk, in English"))
    ai_desk_email = models.EmailField(_("e-mail address of the AI desk"), blank=True)
    ai_desk_url = _link(_("page of the AI desk"))
    dpo_fr = _name(_("data protection officer, in French"))
    dpo_en = _name(_("data protection officer, in English"))
    dpo_email = models.EmailField(_("e-mail address of the data protection officer"), blank=True)
    security_fr = _name(_("security, in French"))
    security_en = _name(_("security, in English"))
    security_email = models.EmailField(_("e-mail address of security"), blank=True)
    product_health_fr = _name(_("health product, in French"))
    product_health_en = _name(_("health product, in English"))
    product_pension_fr = _name(_("pension product, in French"))
    product_pension_en = _name(_("pension product, in English"))
    product_savings_fr = _name(_("savings product, in French"))
    product_savings_en = _name(_("savings product, in English"))
    intranet_url = _link(_("intranet"))
    charter_help_url = _link(_("help with the charter"))
    approved_tools: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        _("approved tools"), default=list, blank=True
    )
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("organisation")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="accounts_organisation_one_row")]
        permissions = [("manage_organisation", "May say what the company is called, whom one asks and which tools are approved")]

    def __str__(self) -> str:
        return self.name_fr or self.name_en or "organisation"

    @property
    def tools(self) -> tuple[ApprovedTool, ...]:
        """The approved tools, as they were entered."""
        return tuple(
            ApprovedTool(tool["name"], tuple(DataClass(code) for code in tool["classes"]), tool["note_fr"], tool["note_en"])
            for tool in self.approved_tools
        )

    def said(self, variable: str, language: str) -> str:
        """Return what staff entered for `variable` in `language`, or in the other language; empty if they entered nothing."""
        if variable == "short_name":
            return self.short_name
        field = "name" if variable == "organisation" else variable
        other = "fr" if language == "en" else "en"
        return getattr(self, f"{field}_{language}", "") or getattr(self, f"{field}_{other}", "")

    def name_of(self, variable: str, language: str) -> FrenchName | EnglishName:
        """Return what `variable` is called in `language`, neutrally if staff have entered nothing."""
        said = self.said(variable, language)
        if variable == "short_name" and not said:
            return self.name_of("organisation", language)
        text = said or NEUTRAL[variable][language]
        if language == "en":
            return EnglishName(text)
        if variable == "organisation":
            return FrenchName(text, elided=Elision(self.elision).says, within="" if said else NEUTRAL_WITHIN)
        return FrenchName(text)

    def link_of(self, variable: str) -> str:
        """Return where `variable` leads; empty if it leads nowhere."""
        return str(getattr(self, f"{variable}_url")) if variable in {"intranet", "charter_help"} else ""
