from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.ids import uuid7
from apps.core.text import folded

from . import scopes
from .addresses import normal_email, normal_name, normal_password
from .directory.model import Department as Department  # in files of their own; Django finds models here
from .directory.model import Entity as Entity
from .directory.model import JobRole as JobRole
from .directory.model import Site as Site
from .enums import RefusalReason, Theme
from .imports.model import ImportFile as ImportFile  # also in files of their own
from .imports.model import ImportLine as ImportLine
from .imports.model import PeopleImport as PeopleImport
from .organisation.model import Organisation as Organisation  # in a file of its own; Django finds models here

NO_ADDRESS = "address-taken-away.invalid"  # a domain that can never exist (RFC 2606)
LONGEST_SEARCH_TEXT = 500


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normal_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person; `password=None` creates one that only single sign-on can open."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{**fields, "is_superuser": True, "is_staff": True})


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the group. They sign in with their e-mail address."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    entity = models.ForeignKey(Entity, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("entity"))
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("department"))
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("site"))
    job_role = models.ForeignKey(JobRole, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("job"))
    language = models.CharField(_("language"), max_length=8, blank=True)
    theme = models.CharField(_("appearance"), max_length=8, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    # Name and address without accents or capitals: what people type to find somebody, on any database.
    search_text = models.CharField(max_length=LONGEST_SEARCH_TEXT, editable=False, default="")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["last_name", "first_name", "email"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case")]
        permissions = [
            ("manage_people", "May manage people and roles"),
            ("see_people", "May look people up in the staff area"),
            ("manage_directory", "May change entities, departments, sites and job roles"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.email = normal_email(self.email)
        self.first_name, self.last_name = normal_name(self.first_name), normal_name(self.last_name)
        self.fold()
        if update_fields is not None and {"first_name", "last_name", "email"} & set(update_fields):
            update_fields = {*update_fields, "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if raw_password is None else normal_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password, as `set_password` hashes it or, if that differs, as it is typed: passwords were once
        hashed that way. Both are tried whether or not the first is right, even if nobody is found (`Backend`), so that timing
        tells nothing."""
        if raw_password is None:
            return super().check_password(None)
        normal = normal_password(raw_password)
        right = super().check_password(normal)
        return right if normal == raw_password else super().check_password(raw_password) or right

    def fold(self) -> None:
        """Update `search_text`; `save` does so, `bulk_create` does not."""
        # One character may fold to eighteen letters: there may not be room for all.
        self.search_text = folded(f"{self.first_name} {self.last_name} {self.email}")[:LONGEST_SEARCH_TEXT]

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def has_address(self) -> bool:
        """Whether e-mails reach them: an address that another person has now was taken away by `services.give_address_away`."""
        return not self.email.endswith(f"@{NO_ADDRESS}")

    def get_short_name(self) -> str:
        return self.first_name or self.email.split("@")[0]

    def get_session_auth_hash(self) -> str:
        """What a session is bound to: the password, and `session_epoch`, which changes when the person is signed out
        everywhere."""
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return (f"{value}.{self.session_epoch}" for value in super().get_session_auth_fallback_hash())


class PersonalToken(models.Model):
    """A key with which a person's own program uses the API in their name, within `scopes`. Only its SHA-256 is stored."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("personal token")
        constraints = [
            models.CheckConstraint(condition=models.Q(expires_at__gt=models.F("created_at")), name="accounts_token_expiry_after"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def abilities(self) -> list[str]:
        """What it may do, worded in the reader's language."""
        return scopes.labels_of(self.scopes)

    @property
    def is_valid(self) -> bool:
        """Whether it opens anything now, as far as the token itself is concerned."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class SignInRules(models.Model):
    """What staff decided about people who come in through the company's sign-in: one row, or none while the defaults apply."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    meet_by_address = models.BooleanField(default=True)
    take_names = models.BooleanField(default=True)
    take_address = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="accounts_sign_in_rules_one_row")]

    def __str__(self) -> str:
        return "sign-in rules"


class RefusedSignIn(models.Model):
    """Somebody who came with an address that another account holds, until staff decide. One row for each identity and account.

    `holder`: the account that holds the address. `person`: whose identity it is, if known: they came in, and only
    their new address was not taken over.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    identity = models.CharField(max_length=64)
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=161, blank=True)
    email = models.EmailField(max_length=254)
    holder = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refused_sign_ins")
    person = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="refused_addresses")
    why = models.CharField(max_length=16, choices=RefusalReason)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-last_at", "-id"]
        verbose_name = _("refused sign-in")
        constraints = [models.UniqueConstraint(fields=["identity", "holder"], name="accounts_refused_once")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The reference that the person gives staff, and staff find here: the same at every attempt."""
        return f"{self.identity[:4]}-{self.identity[4:8]}".upper()

    @property
    def is_verified(self) -> bool:
        """Whether the provider vouched for the address."""
        return self.why != RefusalReason.UNVERIFIED
