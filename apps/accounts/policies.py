from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession

from .enums import RefusalReason
from .models import PersonalToken, SignInRules, User


def was_ever_opened(user: User) -> bool:
    """Whether anybody could have left something in this account, or holds a key to it."""
    return (
        user.last_login is not None
        or SocialAccount.objects.filter(user=user).exists()
        or UserSession.objects.filter(user=user).exists()
        or PersonalToken.objects.filter(user=user).exists()
        or Authenticator.objects.filter(user=user).exists()
    )


def carries_rights(user: User) -> bool:
    return user.is_superuser or user.is_staff or user.groups.exists() or user.user_permissions.exists()


def was_only_claimed(user: User) -> bool:
    """Whether somebody signed up by themselves under an address that they never proved to be theirs, and got no further."""
    addresses = list(EmailAddress.objects.filter(user=user))
    claimed = bool(addresses) and not any(address.verified for address in addresses) and user.has_usable_password()
    return claimed and user.is_active and not was_ever_opened(user) and not carries_rights(user)


def why_not_by_address(*, rules: SignInRules, holder: User, email: str, verified: bool) -> RefusalReason | None:
    """Return why an identity that comes with the address `email` of `holder` is not matched to that account; None if it is.

    It is matched once, and only to an account that staff entered under this address and nobody has used: it holds nothing, and
    nobody has a key to it.
    """
    if not verified:
        return RefusalReason.UNVERIFIED
    if not holder.is_active:
        return RefusalReason.CLOSED
    if SocialAccount.objects.filter(user=holder).exists():
        return RefusalReason.OTHER_IDENTITY
    entered = holder.email == email and EmailAddress.objects.filter(user=holder, email=email, verified=True).exists()
    if holder.has_usable_password() or was_ever_opened(holder) or not entered:
        return RefusalReason.USED
    if carries_rights(holder):
        return RefusalReason.ROLE
    return None if rules.meet_by_address else RefusalReason.RULE


def may_decide_for(actor: User, holder: User) -> bool:
    """Whether `actor` may decide whose account this is: not their own, and none that may do more than they may."""
    may_as_much = actor.has_perms(list(holder.get_all_permissions()))
    return actor.pk != holder.pk and may_as_much and (actor.is_superuser or not holder.is_superuser)
