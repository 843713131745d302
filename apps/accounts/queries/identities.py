from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.db.models import QuerySet

from apps.accounts.models import RefusedSignIn, SignInRules, User
from apps.core.missing import get_or_not_there


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is at their company's sign-in. `issuer` is empty if an earlier release stored none: it opens nothing."""

    id: int
    issuer: str
    subject: str
    since: datetime
    last_used_at: datetime


def identities_of(person: User) -> list[Identity]:
    """Return the identities tied to `person`, the oldest first. One query."""
    rows = SocialAccount.objects.filter(user=person.pk).order_by("date_joined", "pk")
    return [
        Identity(row.pk, str(row.extra_data.get("iss", "")), str(row.extra_data.get("sub", "")), row.date_joined, row.last_login)
        for row in rows
    ]


def sign_in_rules() -> SignInRules:
    """Return the rules in force: the defaults until staff have decided otherwise."""
    return SignInRules.objects.filter(pk=1).first() or SignInRules()


def holder_of(email: str, *, lock: bool) -> User | None:
    """Return the account that holds the address `email`, as its own or among its addresses; with `lock`, nobody else changes it
    until the transaction ends."""
    people = User.objects.select_for_update(of=("self",)) if lock else User.objects.all()
    return people.filter(email__iexact=email).first() or people.filter(emailaddress__email__iexact=email).first()


def refused_sign_ins() -> QuerySet[RefusedSignIn]:
    """Return what waits for a decision, the latest first, with what a list of it shows."""
    return RefusedSignIn.objects.select_related("holder").order_by("-last_at", "-id")


def count_refused() -> int:
    return RefusedSignIn.objects.count()


def get_refused(refused_id: uuid.UUID) -> RefusedSignIn:
    """Return a refused sign-in with the account that holds its address, for staff. Raises NotThere."""
    waiting = RefusedSignIn.objects.select_related("holder__entity", "holder__department", "person")
    return get_or_not_there(waiting, pk=refused_id)
