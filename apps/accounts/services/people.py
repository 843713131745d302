from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.addresses import normal_email, normal_name
from apps.accounts.directory import KINDS
from apps.accounts.directory.kinds import BY_COLUMN
from apps.accounts.directory.model import DirectoryEntry
from apps.accounts.enums import Role
from apps.accounts.errors import AccountError
from apps.accounts.models import Department, Entity, JobRole, Site, User
from apps.accounts.queries import find_entry
from apps.core import audit

from .invitations import invite_person
from .sessions import end_sessions
from .tokens import revoke_tokens

# What staff may change about a person. Nothing else in a form ever reaches the model.
EDITABLE = ("first_name", "last_name", "entity", "department", "site", "job_role")
PLACES = frozenset(kind.person_field for kind in KINDS)


def _known_email() -> AccountError:
    return AccountError(_("Somebody already has this e-mail address."))


@transaction.atomic
def create_person(
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    entity: Entity | None = None,
    department: Department | None = None,
    site: Site | None = None,
    job_role: JobRole | None = None,
    password: str | None = None,
    language: str = "",
    invite: bool = False,
    actor: User | None,
) -> User:
    """Add a person. Their address counts as verified: whoever enters it vouches for it. They get no role.

    Without a password they come in through single sign-on or an invitation, which `invite` sends. Writes an audit entry.
    Raises AccountError when the address is taken, ignoring case.
    """
    email = normal_email(email)
    if User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email=email).exists():
        raise _known_email()
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email,
                password,
                first_name=normal_name(first_name),
                last_name=normal_name(last_name),
                entity=entity,
                department=department,
                site=site,
                job_role=job_role,
                language=language,
            )
            EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    except IntegrityError:
        raise _known_email() from None
    audit.record(actor=actor, action="accounts.create_person", target=user, subject=user)
    if invite:
        invite_person(user=user, actor=actor)
    return user


@transaction.atomic
def update_person(*, user: User, changes: Mapping[str, Any], actor: User | None) -> User:
    """Change a person's name or place in the company. Keys beyond `EDITABLE` raise ValueError. Writes an audit entry if anything
    changed: which fields, and for a place in the company the old and the new code. Never the old name."""
    if unknown := set(changes) - set(EDITABLE):
        raise ValueError(f"Not for staff to change: {', '.join(sorted(unknown))}.")
    user = User.objects.select_for_update().get(pk=user.pk)
    changes = {name: normal_name(value) if isinstance(value, str) else value for name, value in changes.items()}
    changed = [name for name, value in changes.items() if getattr(user, name) != value]
    if changed:
        details = told_changes(user, {name: changes[name] for name in changed})
        for name in changed:
            setattr(user, name, changes[name])
        user.save(update_fields=changed)
        audit.record(actor=actor, action="accounts.update_person", target=user, subject=user, details=details)
    return user


def told_changes(user: User, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the trail says about giving `user` these values, before it happens: the fields, and the codes of places."""
    places = {name: [_code(getattr(user, name)), _code(value)] for name, value in values.items() if name in PLACES}
    return {"fields": sorted(values)} | ({"changes": places} if places else {})


def _code(entry: DirectoryEntry | None) -> str:
    return entry.code if entry is not None else ""


@transaction.atomic
def edit_person(*, user: User, email: str, changes: Mapping[str, Any], actor: User) -> User:
    """Change a person's address and everything else staff may change, all or nothing. See `change_email`, `update_person`."""
    user = change_email(user=user, email=email, actor=actor)
    return update_person(user=user, changes=changes, actor=actor)


@transaction.atomic
def change_email(*, user: User, email: str, actor: User) -> User:
    """Give a person another address, which counts as verified. Ends their sessions; writes an audit entry.

    Raises AccountError when the address is taken.
    """
    email = normal_email(email)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.email == email:
        return user
    others = EmailAddress.objects.filter(email=email).exclude(user=user)
    if User.objects.filter(email=email).exclude(pk=user.pk).exists() or others.exists():
        raise _known_email()
    EmailAddress.objects.filter(user=user).delete()
    try:
        with transaction.atomic():
            user.email = email
            user.save(update_fields=["email"])
            EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    except IntegrityError:
        raise _known_email() from None
    end_sessions(user=user)
    audit.record(actor=actor, action="accounts.change_email", target=user, subject=user)
    return user


def _lock_administrators() -> Group:
    """Lock the administrators' group until the transaction ends: two of them removing each other must queue."""
    group, _created = Group.objects.get_or_create(name=Role.ADMINISTRATOR.value)
    return Group.objects.select_for_update().get(pk=group.pk)


def _other_administrators(group: Group, user: User) -> bool:
    return User.objects.filter(groups=group, is_active=True).exclude(pk=user.pk).exists()


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[Role], actor: User | None) -> None:
    """Give `user` exactly these roles. Ends their sessions (unless they change their own); writes an audit entry.

    Raises AccountError when somebody would take the administrator's role from themselves or from the last administrator.
    """
    administrators = _lock_administrators()
    wanted = {Role(role) for role in roles}
    present = {Role(name) for name in user.groups.filter(name__in=Role.values).values_list("name", flat=True)}
    if wanted == present:
        return
    if Role.ADMINISTRATOR in present - wanted:
        if actor is not None and actor.pk == user.pk:
            raise AccountError(_("You cannot take the administrator’s role from yourself. Ask another administrator."))
        if not _other_administrators(administrators, user):
            raise AccountError(_("This is the last administrator. Give the role to somebody else first."))
    groups = {Role(group.name): group for group in Group.objects.filter(name__in=[*wanted, *present])}
    for role in wanted - set(groups):
        groups[role] = Group.objects.get_or_create(name=role.value)[0]
    user.groups.remove(*[groups[role] for role in present - wanted])
    user.groups.add(*[groups[role] for role in wanted - present])
    if actor is None or actor.pk != user.pk:
        end_sessions(user=user)
    audit.record(
        actor=actor,
        action="accounts.set_roles",
        target=user,
        subject=user,
        details={"added": sorted(wanted - present), "removed": sorted(present - wanted)},
    )


@transaction.atomic
def deactivate_person(*, user: User, actor: User | None, reason: str) -> None:
    """Close an account. Ends all sessions at once, open sockets included, and revokes every personal token: reopening the
    account does not give old keys back. Writes audit entries. Proofs and content stay.

    Raises AccountError without a reason, for oneself, and for the last administrator. Closing it twice changes nothing.
    """
    if not reason.strip():
        raise AccountError(_("Say why this account is closed."))
    if actor is not None and actor.pk == user.pk:
        raise AccountError(_("You cannot close your own account. Ask another administrator."))
    administrators = _lock_administrators()
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        return
    if user.groups.filter(pk=administrators.pk).exists() and not _other_administrators(administrators, user):
        raise AccountError(_("This is the last administrator. Give the role to somebody else first."))
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user=user)
    revoked = revoke_tokens(user=user, actor=actor)
    audit.record(
        actor=actor,
        action="accounts.deactivate_person",
        target=user,
        subject=user,
        reason=reason.strip(),
        details={"revoked_tokens": revoked},
    )


@transaction.atomic
def activate_person(*, user: User, actor: User) -> None:
    """Reopen a closed account. Writes an audit entry."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        audit.record(actor=actor, action="accounts.activate_person", target=user, subject=user)


@transaction.atomic
def sign_out_person(*, user: User, actor: User, tokens: bool) -> None:
    """Sign somebody out everywhere, open sockets included, and revoke their tokens if `tokens`. Writes audit entries."""
    end_sessions(user=user)
    if tokens:
        revoke_tokens(user=user, actor=actor)
    audit.record(actor=actor, action="accounts.sign_out_person", target=user, subject=user)


@transaction.atomic
def reset_second_factor(*, user: User, actor: User) -> None:
    """Remove the second factors of somebody who has lost them, and sign them out everywhere. Writes an audit entry.

    Raises AccountError for oneself: somebody who has stolen a session must not get rid of what protects the account.
    """
    if user.pk == actor.pk:
        raise AccountError(_("You manage your own second step on your account page."))
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user=user)
    audit.record(actor=actor, action="accounts.lift_second_factor", target=user, subject=user)


def _places(codes: Mapping[str, str]) -> dict[str, Any]:
    """Return the directory entries that `codes` name, by field of the person; an unknown or closed code is left out. One query
    for each code."""
    kinds = {BY_COLUMN[column]: code for column, code in codes.items()}
    found = {kind.person_field: find_entry(kind, code) for kind, code in kinds.items()}
    return {field: entry for field, entry in found.items() if entry is not None}


@transaction.atomic
def update_from_directory(*, user: User, codes: Mapping[str, str]) -> None:
    """Update a person's place in the company from single sign-on. Writes an audit entry if it changed."""
    if codes:
        update_person(user=user, changes=_places(codes), actor=None)
