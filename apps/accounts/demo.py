"""The demo world's people and places, and the five accounts for trying the portal. For the try-out only."""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.text import folded

from .demo_imports import load_imports
from .demo_organisation import load_organisation
from .demo_world import ACCOUNTS, DEPARTMENTS, ENTITIES, JOBS, PEOPLE, REFUSED, SITES
from .enums import RefusalReason, Role
from .models import Department, Entity, JobRole, RefusedSignIn, Site, User
from .oidc.claims import PROVIDER, identity_of
from .services import set_roles

DOMAIN = "alcyon.example"
ISSUER = f"https://login.{DOMAIN}"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and digits that look alike
LABELS = {
    "newcomer": _("Newcomer"),
    "trained": _("Trained employee"),
    "champion": _("AI champion"),
    "trainer": _("Trainer"),
    "administrator": _("Administrator"),
}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    key: str
    name: str
    email: str
    password: str

    @property
    def label(self) -> Any:
        """What this account is for trying out, in the active language."""
        return LABELS[self.key]


def accounts_file() -> Path:
    return Path(settings.HOME) / "demo-accounts.json"


def demo_accounts() -> list[DemoAccount]:
    """Return the demo accounts with their passwords; none outside the try-out, and none before the demo world is loaded."""
    if not settings.TRYOUT:
        return []
    try:
        return [DemoAccount(**account) for account in json.loads(accounts_file().read_text())]
    except FileNotFoundError:
        return []


def demo_user(key: str) -> User | None:
    """Return the person behind the demo account `key`; None outside the try-out."""
    account = next((account for account in demo_accounts() if account.key == key), None)
    return User.objects.filter(email=account.email).first() if account else None


def email_of(first_name: str, last_name: str) -> str:
    """Return the address of somebody of this name at the fictional insurer."""

    def word(text: str) -> str:
        return re.sub(r"[^a-z]+", "-", folded(text)).strip("-")

    return f"{word(first_name)}.{word(last_name)}@{DOMAIN}"


def _draw_password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _letter in range(4)) for _group in range(3))


def _keep(accounts: list[DemoAccount]) -> None:
    path = accounts_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump([asdict(account) for account in accounts], file, indent=2, ensure_ascii=False)
    fresh.replace(path)


def load_places() -> None:
    """Create the entities, departments, sites and job roles that are missing."""
    for code, name, parent in ENTITIES:
        above = Entity.objects.get(code=parent) if parent else None
        Entity.objects.get_or_create(code=code, defaults={"name": name, "parent": above})
    for code, french, english in DEPARTMENTS:
        Department.objects.get_or_create(code=code, defaults={"name_fr": french, "name_en": english})
    for code, name, city in SITES:
        Site.objects.get_or_create(code=code, defaults={"name": name, "city": city})
    for code, french, english in JOBS:
        JobRole.objects.get_or_create(code=code, defaults={"name_fr": french, "name_en": english})


def _colleagues() -> list[User]:
    entities = {entry.code: entry for entry in Entity.objects.all()}
    departments = {entry.code: entry for entry in Department.objects.all()}
    sites = {entry.code: entry for entry in Site.objects.all()}
    jobs = {entry.code: entry for entry in JobRole.objects.all()}
    people = []
    for line in re.split(r"[|\n]", PEOPLE.strip()):
        *names, entity, department, site, job = line.split()
        first, last = names[0], " ".join(names[1:])
        people.append(
            User(
                email=email_of(first, last),
                first_name=first,
                last_name=last,
                entity=entities[ENTITIES[int(entity)][0]],
                department=departments[DEPARTMENTS[int(department)][0]],
                site=sites[SITES[int(site)][0]],
                job_role=jobs[JOBS[int(job)][0]],
            )
        )
    return people


def colleagues() -> QuerySet[User]:
    """Return the people of the demo world who are listed by name, besides the demo accounts."""
    return User.objects.filter(email__in=[person.email for person in _colleagues()])


def _load_colleagues() -> None:
    known = set(User.objects.values_list("email", flat=True))
    all_of_them = _colleagues()
    new = [person for person in all_of_them if person.email not in known]
    for person in new:
        person.password = make_password(None)
        person.fold()
    User.objects.bulk_create(new)
    if new == all_of_them:
        _load_refused({person.email: person for person in new})
    EmailAddress.objects.bulk_create([EmailAddress(user=p, email=p.email, primary=True, verified=True) for p in new])


def _load_refused(people: dict[str, User]) -> None:
    """Give staff somebody to decide about, once: what they have decided does not come back."""
    now = timezone.now()
    for days, (name, holder, subject, why, times) in enumerate(REFUSED):
        email = f"{holder}@{DOMAIN}"
        person = people[email]
        known = f"00u{person.pk.hex[-8:]}"
        SocialAccount.objects.create(
            user=person, provider=PROVIDER, uid=identity_of(ISSUER, known), extra_data={"iss": ISSUER, "sub": known}
        )
        last_login = now - timedelta(days=3 + 400 * days)
        SocialAccount.objects.filter(user=person).update(date_joined=last_login - timedelta(days=90), last_login=last_login)
        User.objects.filter(pk=person.pk).update(
            is_active=why != RefusalReason.CLOSED, joined_at=last_login - timedelta(days=90), last_login=last_login
        )
        last = now - timedelta(days=days, hours=2)
        RefusedSignIn.objects.create(
            identity=identity_of(ISSUER, subject),
            issuer=ISSUER,
            subject=subject,
            name=name,
            email=email,
            holder=person,
            why=why,
            times=times,
            first_at=last - timedelta(minutes=7 * (times - 1)),
            last_at=last,
        )


def _load_accounts() -> None:
    kept = {account.email: account for account in demo_accounts()}
    accounts = []
    for key, role, first, last, entity, department, site, job in ACCOUNTS:
        email = email_of(first, last)
        user = User.objects.filter(email=email).first() or User(email=email, first_name=first, last_name=last)
        account = kept.get(email)
        if account is None or user._state.adding:
            account = DemoAccount(key, f"{first} {last}", email, _draw_password())
            user.set_password(account.password)
            user.entity = Entity.objects.get(code=entity)
            user.department = Department.objects.get(code=department)
            user.site = Site.objects.get(code=site)
            user.job_role = JobRole.objects.get(code=job)
            user.save()
            EmailAddress.objects.get_or_create(user=user, email=email, defaults={"primary": True, "verified": True})
            if role:
                set_roles(user=user, roles={Role(role)}, actor=None)
        accounts.append(account)
    if {account.email: account for account in accounts} != kept:
        _keep(accounts)


def sources() -> list[Path]:
    """Return the files that the demo world is made from."""
    return list(Path(__file__).parent.glob("demo*.py"))


@transaction.atomic
def load_world() -> str:
    """Name the organisation, load places and people, and generate the demo accounts' passwords if there are none yet. Safe to
    repeat: edits stay.

    Returns a sentence that says where the passwords are.
    Writes `demo-accounts.json`, readable by its owner only. Raises RuntimeError outside the try-out.
    """
    if not settings.TRYOUT:
        raise RuntimeError("The demo world is for the try-out only.")
    load_organisation()
    load_places()
    _load_colleagues()
    _load_accounts()
    load_imports(
        actor=User.objects.get(email=next(account.email for account in demo_accounts() if account.key == "administrator"))
    )
    return f"The demo world is loaded. Accounts and passwords: {accounts_file()}"
