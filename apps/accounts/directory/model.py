from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.bilingual import Bilingual
from apps.core.tables import FORMULA
from apps.core.text import folded

LONGEST_SEARCH_TEXT = 600
DEEPEST = 20  # levels of the tree of entities: as many as pages can show, and more than any company has

# What files and forms accept: a code or a name is the same in every file that goes out and comes back.
check_code = RegexValidator(
    r"^[A-Za-z0-9_][A-Za-z0-9_-]*\Z", _("A code is made of letters without accents, digits, “_” and, behind the first sign, “-”.")
)


def check_name(value: str) -> None:
    """Raise ValidationError for a name that spreadsheets would take for a formula."""
    if value.startswith(FORMULA):
        raise ValidationError(_("Begin with a letter or a digit: spreadsheets would take this for a formula."))


class EntryQuerySet(models.QuerySet[Any]):
    def open(self) -> Self:
        """Return the entries that can be chosen."""
        return self.filter(closed_at=None)

    def with_code(self, code: str) -> Self:
        """Return the entry of this code, ignoring case."""
        return self.alias(lower_code=Lower("code")).filter(lower_code=code.lower())

    def matching(self, text: str) -> Self:
        """Return the entries whose code or names contain every word of `text`."""
        found = self
        for word in folded(text).split()[:8]:
            found = found.filter(search_text__contains=word)
        return found


class DirectoryEntry(models.Model):
    """One entry of the directory. Once closed, it stays where it is but can no longer be chosen.

    `merged_into`: the open entry that took over its people; lists that still use the old code mean that one.
    """

    NAMES: ClassVar[tuple[str, ...]] = ()
    name: Any

    code = models.SlugField(_("code"), unique=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False)
    # Code and names without accents or capitals, in both languages: what people type to find an entry, on any database.
    search_text = models.CharField(max_length=LONGEST_SEARCH_TEXT, editable=False, default="")

    objects = EntryQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("code"), name="accounts_%(class)s_code_any_case"),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | models.Q(closed_at__isnull=False),
                name="accounts_%(class)s_merged_is_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("pk")), name="accounts_%(class)s_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.fold()
        if update_fields is not None:
            update_fields = {*update_fields, "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def fold(self) -> None:
        """Update `search_text`; `save` does so, `bulk_create` does not."""
        words = " ".join(str(getattr(self, name)) for name in ("code", *self.NAMES))
        self.search_text = folded(words)[:LONGEST_SEARCH_TEXT]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Entity(DirectoryEntry):
    """A company of the group, or a part of one: a tree."""

    NAMES = ("name",)

    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", verbose_name=_("belongs to")
    )

    class Meta:
        ordering = ["name", "code"]
        verbose_name = _("entity")
        verbose_name_plural = _("entities")
        constraints = [
            *DirectoryEntry.Meta.constraints,
            # Longer cycles: `services.change_entry` checks them, with the tree locked.
            models.CheckConstraint(
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("pk")), name="accounts_entity_not_under_itself"
            ),
        ]


class Department(DirectoryEntry):
    """A line of work across entities: claims, actuarial, marketing…"""

    NAMES = ("name_fr", "name_en")

    name_fr = models.CharField(_("name in French"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    name = Bilingual()

    class Meta(DirectoryEntry.Meta):
        ordering = ["code"]
        verbose_name = _("department")
        verbose_name_plural = _("departments")


class Site(DirectoryEntry):
    """A place of work."""

    NAMES = ("name", "city")

    name = models.CharField(_("name"), max_length=120)
    city = models.CharField(_("city"), max_length=120)

    class Meta(DirectoryEntry.Meta):
        ordering = ["name", "code"]
        verbose_name = _("site")
        verbose_name_plural = _("sites")


class JobRole(DirectoryEntry):
    """What somebody's work is: claims handler, actuary…"""

    NAMES = ("name_fr", "name_en")

    name_fr = models.CharField(_("name in French"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    name = Bilingual()

    class Meta(DirectoryEntry.Meta):
        ordering = ["code"]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
