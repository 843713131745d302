from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.addresses import normal_email
from apps.accounts.enums import PersonState, Role
from apps.accounts.models import Entity, User
from apps.core.missing import get_or_not_there
from apps.core.text import folded

from .directory import entity_and_below

if TYPE_CHECKING:
    from django.contrib.auth.models import Group


def find_people(
    *, text: str = "", entity: Entity | None = None, role: Role | None = None, state: PersonState | None = None
) -> QuerySet[User]:
    """Return the people whose name or address contains every word of `text`, filtered, with what a list of them shows.

    `entity`: those in it and all below it; a merged one means the one that took over its people.
    """
    people = User.objects.select_related("entity", "department", "job_role").prefetch_related("groups")
    for word in folded(text).split()[:8]:
        people = people.filter(search_text__contains=word)
    if entity is not None:
        people = people.filter(entity__in=entity_and_below(entity.merged_into_id or entity.pk))
    if role is not None:
        people = people.filter(groups__name=role.value)
    if state is PersonState.ACTIVE:
        people = people.filter(is_active=True)
    elif state is PersonState.CLOSED:
        people = people.filter(is_active=False)
    elif state is PersonState.NEVER_CAME:
        people = people.filter(is_active=True, last_login__isnull=True)
    return people.order_by("last_name", "first_name", "email")


def get_person(person_id: uuid.UUID) -> User:
    """Return a person with their place in the company and groups, for staff. Raises NotThere."""
    return get_or_not_there(_people_with_places(), pk=person_id)


def _people_with_places() -> QuerySet[User]:
    return User.objects.select_related("entity", "department", "site", "job_role").prefetch_related("groups")


def find_person(text: str) -> User | None:
    """Return the person of this e-mail address, ignoring case, or of this id."""
    try:
        return User.objects.filter(pk=uuid.UUID(text)).first()
    except ValueError:
        return User.objects.filter(email=normal_email(text)).first()


def people_with_roles() -> QuerySet[User]:
    """Return everybody who has a role: those who may act upon others."""
    return User.objects.filter(Exists(User.groups.through.objects.filter(user=OuterRef("pk"))))


def roles_of(groups: Iterable[Group]) -> list[Role]:
    """Return the roles that `groups` stand for, in the order of `Role`."""
    names = {group.name for group in groups}
    return [role for role in Role if role.value in names]


@dataclass(frozen=True, slots=True)
class Protection:
    """How an account is protected, and how many browsers (`sessions`) and programs (`tokens`) it lets in now."""

    password: bool
    app: bool
    passkeys: int
    recovery_codes: bool
    sessions: int
    tokens: int

    @property
    def second_factor(self) -> bool:
        return self.app or self.passkeys > 0


def protection_of(person: User) -> Protection:
    """Return how the account of `person` is protected. One query."""
    return _protection(_with_counts(User.objects.all()).get(pk=person.pk))


def get_protected(person_id: uuid.UUID) -> tuple[User, Protection]:
    """Return a person as `get_person` does, and how the account is protected. No extra query. Raises NotThere."""
    person = get_or_not_there(_with_counts(_people_with_places()), pk=person_id)
    return person, _protection(person)


def _with_counts(people: QuerySet[User]) -> QuerySet[User]:
    working = Q(tokens__revoked_at=None, tokens__expires_at__gt=timezone.now())
    return people.annotate(
        **{kind: Count("authenticator", filter=Q(authenticator__type=kind), distinct=True) for kind in Authenticator.Type},
        signed_in=Count("usersession", distinct=True),
        working_tokens=Count("tokens", filter=working, distinct=True),
    )


def _protection(person: User) -> Protection:
    counted = vars(person)
    return Protection(
        password=person.has_usable_password(),
        app=counted[Authenticator.Type.TOTP] > 0,
        passkeys=counted[Authenticator.Type.WEBAUTHN],
        recovery_codes=counted[Authenticator.Type.RECOVERY_CODES] > 0,
        sessions=counted["signed_in"],
        tokens=counted["working_tokens"],
    )


def people_who_may_be_closed() -> QuerySet[User]:
    """Return those with an open account that carries no right and no role: a list may close these by not naming them."""
    return User.objects.filter(("is_superuser", False), is_active=True, is_staff=False, groups=None, user_permissions=None)
