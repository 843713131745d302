"""Who arrives through the company's sign-in, and whose account that is: by issuer and subject, by the address at most once."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.enums import RefusalReason
from apps.accounts.errors import AccountError
from apps.accounts.models import NO_ADDRESS, RefusedSignIn, SignInRules, User
from apps.accounts.oidc.claims import PROVIDER, Claims
from apps.accounts.policies import may_decide_for, was_only_claimed, why_not_by_address
from apps.accounts.queries.identities import holder_of, sign_in_rules
from apps.core import audit

from .people import _lock_administrators, deactivate_person, update_from_directory, update_person
from .sessions import end_sessions
from .tokens import revoke_tokens

MOST_ROWS = 5  # for one identity: somebody who can write their own claims there cannot flood the list


class SignInRefused(AccountError):
    """An address opened nothing. `refused` is what staff see; None if nobody has the address and it is only unconfirmed."""

    def __init__(self, refused: RefusedSignIn | None) -> None:
        super().__init__("")
        self.refused = refused


def receive(*, claims: Claims) -> SocialAccount:
    """Return the tie between the identity of `claims` and a person: a new one, as nobody has it yet.

    The person is the one whom staff entered under this address and who never came (`policies.why_not_by_address`), else somebody
    new. Somebody who claimed the address without ever confirming it loses it. Writes audit entries, and the sign-in if it is
    refused. Of two who arrive at the same time, one waits and finds what the other left.
    Raises SignInRefused if the address is not confirmed or another account holds it; the refusal is stored, nothing else is.
    """
    try:
        found = _receive(claims)
    except IntegrityError:
        found = _receive(claims)  # somebody else took the address or the identity between our look and our write: look again
    if isinstance(found, SocialAccount):
        return found
    raise SignInRefused(found)


@transaction.atomic
def _receive(claims: Claims) -> SocialAccount | RefusedSignIn | None:
    holder = holder_of(claims.email, lock=True) if claims.email else None
    known = SocialAccount.objects.filter(provider=PROVIDER, uid=claims.identity).select_related("user").first()
    if known is not None:
        return known
    if holder is None or (claims.verified and _makes_way(holder)):
        return _admit(claims) if claims.verified else None
    why = why_not_by_address(rules=sign_in_rules(), holder=holder, email=claims.email, verified=claims.verified)
    if why is not None:
        return _refuse(claims, holder, why)
    tie = _tie(holder, claims)
    audit.record(actor=None, action="accounts.meet_by_address", target=holder, subject=holder, details=_details(claims))
    return tie


def _makes_way(holder: User) -> bool:
    """Take the address from an account that only ever claimed it, and close that account for good: its owner has come."""
    if not was_only_claimed(holder):
        return False
    _take_address(holder)
    holder.set_unusable_password()
    holder.is_active = False
    holder.save(update_fields=["password", "is_active"])
    audit.record(actor=None, action="accounts.supersede_unconfirmed", target=holder, subject=holder)
    return True


def _admit(claims: Claims) -> SocialAccount:
    user = User.objects.create_user(claims.email, first_name=claims.first_name, last_name=claims.last_name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    audit.record(actor=None, action="accounts.admit_from_sso", target=user, subject=user, details=_details(claims))
    return _tie(user, claims)


def _tie(user: User, claims: Claims) -> SocialAccount:
    RefusedSignIn.objects.filter(identity=claims.identity).delete()
    data = {"iss": claims.issuer, "sub": claims.subject}
    return SocialAccount.objects.create(user=user, provider=PROVIDER, uid=claims.identity, extra_data=data)


def _details(claims: Claims | RefusedSignIn) -> dict[str, Any]:
    return {"issuer": claims.issuer, "identity": claims.identity[:16]}


def _refuse(claims: Claims, holder: User, why: RefusalReason, person: User | None = None) -> RefusedSignIn:
    """Record that `claims` came with the address of `holder`. The trail gets one entry, however often somebody tries."""
    seen = {"name": claims.name, "email": claims.email, "why": why, "person": person, "last_at": timezone.now()}
    rows = RefusedSignIn.objects.filter(identity=claims.identity)
    if rows.filter(holder=holder).update(**seen, times=F("times") + 1):
        return rows.get(holder=holder)
    kept = rows.order_by("-last_at", "-id").values_list("pk", flat=True)[: MOST_ROWS - 1]
    rows.exclude(pk__in=list(kept)).delete()
    refused = RefusedSignIn.objects.create(
        identity=claims.identity, issuer=claims.issuer, subject=claims.subject, holder=holder, **seen
    )
    details = {**_details(claims), "why": why.value}
    audit.record(actor=person, action="accounts.refuse_sign_in", target=refused, subject=holder, details=details)
    return refused


@transaction.atomic
def welcome_back(*, user: User, claims: Claims) -> User:
    """Update a person who is known by their identity from the company's directory, as far as the rules allow: place, name,
    address. An address that is not confirmed or that another account holds is not taken over; the latter is listed for staff.

    Writes audit entries for what changed. Nothing happens for a closed account.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        return user
    rules = sign_in_rules()
    update_from_directory(user=user, codes=claims.codes)
    if rules.take_names:
        names = {"first_name": claims.first_name, "last_name": claims.last_name}
        update_person(user=user, changes={field: name for field, name in names.items() if name}, actor=None)
    user.refresh_from_db()
    if claims.email != user.email and claims.verified and rules.take_address:
        _take_over_address(user, claims)
    else:
        RefusedSignIn.objects.filter(identity=claims.identity).delete()
    return user


def _take_over_address(user: User, claims: Claims) -> None:
    holder = holder_of(claims.email, lock=False)  # two people who swap their addresses must not wait for each other
    if holder is not None and holder.pk != user.pk and not _makes_way(holder):
        _refuse(claims, holder, RefusalReason.NEW_ADDRESS, person=user)
        return
    before = user.email
    try:
        with transaction.atomic():
            EmailAddress.objects.filter(user=user).delete()
            user.email = claims.email
            user.save(update_fields=["email"])
            EmailAddress.objects.create(user=user, email=claims.email, primary=True, verified=True)
    except IntegrityError:
        user.email = before  # taken this very moment: the next sign-in will see who has it
        return
    RefusedSignIn.objects.filter(identity=claims.identity).delete()
    audit.record(actor=None, action="accounts.take_over_email", target=user, subject=user, details=_details(claims))


# What staff decide -----------------------------------------------------------------------------------------------------
@transaction.atomic
def change_sign_in_rules(*, meet_by_address: bool, take_names: bool, take_address: bool, actor: User) -> None:
    """Decide what an arriving identity may do and bring. Writes an audit entry if anything changed, with the new values."""
    wanted = {"meet_by_address": meet_by_address, "take_names": take_names, "take_address": take_address}
    SignInRules.objects.get_or_create(pk=1)
    rules = SignInRules.objects.select_for_update().get(pk=1)
    changed = {name: value for name, value in wanted.items() if getattr(rules, name) != value}
    if changed:
        SignInRules.objects.filter(pk=1).update(**changed)
        audit.record(actor=actor, action="accounts.change_sign_in_rules", target="accounts.SignInRules:1", details=changed)


@transaction.atomic
def tie_refused(*, refused_id: uuid.UUID, replace: bool, actor: User, reason: str) -> User:
    """Decide that the refused person is the one whose account it is: their identity opens it from now on. With `replace`, the
    identities tied to it until now no longer open anything. Ends the account's sessions; a closed one stays closed. Writes an
    audit entry.

    Raises AccountError without a reason, for one's own account and one that may do more than oneself, and if somebody else
    has decided meanwhile.
    """
    refused, holder = _open(refused_id, actor, reason)
    if SocialAccount.objects.filter(provider=PROVIDER, uid=refused.identity).exists():
        raise AccountError(_("This identity belongs to another account already: that person signs in with it."))
    replaced = SocialAccount.objects.filter(user=holder).delete()[0] if replace else 0
    details = {**_details(refused), "replaced": replaced}
    audit.record(
        actor=actor, action="accounts.tie_identity", target=refused, subject=holder, reason=reason.strip(), details=details
    )
    data = {"iss": refused.issuer, "sub": refused.subject}
    SocialAccount.objects.create(user=holder, provider=PROVIDER, uid=refused.identity, extra_data=data)
    RefusedSignIn.objects.filter(identity=refused.identity).delete()
    end_sessions(user=holder)
    return holder


@transaction.atomic
def give_address_away(*, refused_id: uuid.UUID, actor: User, reason: str) -> User:
    """Decide that the refused person is somebody else, who has this address now. The account that held it loses it and is closed:
    its sessions end, its tokens are revoked, its content stays with it. The refused person gets an account of their own the next
    time they come. Writes audit entries.

    Raises AccountError without a reason, for one's own account and one that may do more than oneself, for the last
    administrator, if the address is not confirmed, and if somebody else has decided meanwhile.
    """
    _lock_administrators()  # before the account, as everywhere
    refused, holder = _open(refused_id, actor, reason)
    if not refused.is_verified:
        raise AccountError(_("The company’s sign-in does not confirm this address: it cannot be given to who came with it."))
    if holder.is_active:
        deactivate_person(user=holder, actor=actor, reason=reason)
    else:
        end_sessions(user=holder)
        revoke_tokens(user=holder, actor=actor)
    holder.refresh_from_db()
    _take_address(holder)
    audit.record(
        actor=actor,
        action="accounts.give_address_away",
        target=refused,
        subject=holder,
        reason=reason.strip(),
        details=_details(refused),
    )
    RefusedSignIn.objects.filter(holder=holder, email=refused.email).delete()
    return holder


@transaction.atomic
def dismiss_refused(*, refused_id: uuid.UUID, actor: User, reason: str) -> None:
    """Leave a sign-in refused. It is listed again if it arrives again. Writes an audit entry.

    Raises AccountError without a reason, and if somebody else has decided meanwhile.
    """
    refused, holder = _locked(refused_id, reason)
    details = _details(refused)
    audit.record(
        actor=actor, action="accounts.dismiss_refused", target=refused, subject=holder, reason=reason.strip(), details=details
    )
    refused.delete()


@transaction.atomic
def untie_identity(*, user: User, identity_id: int, actor: User, reason: str) -> None:
    """Take an identity away from a person: it no longer opens their account, and is listed as refused if it arrives. Ends their
    sessions; writes an audit entry. Raises AccountError without a reason, for one's own account and one that may do more than
    oneself, and if there is no such identity any more.
    """
    _check(actor, user, reason)
    user = User.objects.select_for_update().get(pk=user.pk)
    tie = SocialAccount.objects.filter(pk=identity_id, user=user).first()
    if tie is None:
        raise AccountError(_("This identity is not tied to this account any more."))
    details = {"issuer": str(tie.extra_data.get("iss", "")), "identity": tie.uid[:16]}
    tie.delete()
    end_sessions(user=user)
    audit.record(actor=actor, action="accounts.untie_identity", target=user, subject=user, reason=reason.strip(), details=details)


def _check(actor: User, holder: User, reason: str) -> None:
    if not reason.strip():
        raise AccountError(_("Say why: it is kept in the audit trail."))
    if actor.pk == holder.pk:
        raise AccountError(_("This is your own account. Ask another administrator to decide."))
    if not may_decide_for(actor, holder):
        raise AccountError(_("This account may do more than yours: somebody who may do as much has to decide."))


def _locked(refused_id: uuid.UUID, reason: str) -> tuple[RefusedSignIn, User]:
    refused = RefusedSignIn.objects.select_for_update().filter(pk=refused_id).first()
    if refused is None:
        raise AccountError(_("Somebody has decided this meanwhile."))
    if not reason.strip():
        raise AccountError(_("Say why: it is kept in the audit trail."))
    return refused, User.objects.select_for_update().get(pk=refused.holder_id)


def _open(refused_id: uuid.UUID, actor: User, reason: str) -> tuple[RefusedSignIn, User]:
    """Return a refused sign-in and the account, both locked, if `actor` may decide whose it is."""
    refused, holder = _locked(refused_id, reason)
    _check(actor, holder, reason)
    if refused.person_id == actor.pk:
        raise AccountError(_("This is your own account. Ask another administrator to decide."))
    current = holder.email == refused.email or EmailAddress.objects.filter(user=holder, email__iexact=refused.email).exists()
    if not current:
        raise AccountError(_("This account no longer has that address. Leave it refused: they can come in the next time."))
    return refused, holder


def _take_address(holder: User) -> None:
    EmailAddress.objects.filter(user=holder).delete()
    holder.email = f"{holder.pk}@{NO_ADDRESS}"
    holder.save(update_fields=["email"])
