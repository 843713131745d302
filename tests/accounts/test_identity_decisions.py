"""What staff decide about a sign-in that was refused, and who may decide it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from apps.accounts.enums import RefusalReason, Role
from apps.accounts.errors import AccountError
from apps.accounts.models import RefusedSignIn, User
from apps.accounts.oidc.claims import Claims, identity_of
from apps.accounts.services import (
    activate_person,
    change_email,
    deactivate_person,
    dismiss_refused,
    give_address_away,
    invite_person,
    set_roles,
    tie_refused,
    untie_identity,
)
from apps.core import audit
from apps.core.models import AuditEntry
from tests.factories.accounts import UserFactory

from .arrivals import ANA, ELSEWHERE, MAIL, NAMESAKE, comes_in, entered, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    user: User = UserFactory()
    set_roles(user=user, roles=[Role.ADMINISTRATOR], actor=None)
    return user


def test_the_same_person_gets_in_with_both_identities(administrator: User) -> None:
    ana = comes_in(ANA)
    before = ana.session_epoch
    tie_refused(refused_id=refused(ELSEWHERE).pk, replace=False, actor=administrator, reason="New directory")
    assert comes_in(ELSEWHERE) == comes_in(ANA) == ana
    ana.refresh_from_db()
    assert ana.session_epoch == before + 1
    assert not RefusedSignIn.objects.exists()
    entry = AuditEntry.objects.get(action="accounts.tie_identity")
    assert (entry.reason, entry.subject) == ("New directory", audit.pseudonym(ana))


def test_the_same_person_may_lose_the_old_identity(administrator: User) -> None:
    ana = comes_in(ANA)
    tie_refused(refused_id=refused(NAMESAKE).pk, replace=True, actor=administrator, reason="New subject")
    assert comes_in(NAMESAKE) == ana
    assert refused(ANA).holder == ana


def test_tying_opens_no_closed_account(administrator: User) -> None:
    ana = comes_in(ANA)
    deactivate_person(user=ana, actor=None, reason="Left")
    tie_refused(refused_id=refused(NAMESAKE).pk, replace=True, actor=administrator, reason="Came back")
    assert not comes_in(NAMESAKE).is_active


def test_another_person_gets_an_account_of_their_own(administrator: User) -> None:
    old = comes_in(ANA)
    give_address_away(refused_id=refused(NAMESAKE).pk, actor=administrator, reason="Left in 2024")
    old.refresh_from_db()
    assert (old.is_active, old.has_address, old.email.endswith(".invalid")) == (False, False, True)
    assert not EmailAddress.objects.filter(user=old).exists()
    new = comes_in(NAMESAKE)
    assert new != old
    assert new.email == MAIL
    assert not new.groups.exists()
    assert not comes_in(ANA).is_active, "The old identity opens neither"
    assert not RefusedSignIn.objects.filter(holder=old).exists()
    actions = set(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert {"accounts.give_address_away", "accounts.deactivate_person"} <= actions


def test_who_lost_their_address_is_sent_no_invitation(administrator: User) -> None:
    old = comes_in(ANA)
    give_address_away(refused_id=refused(NAMESAKE).pk, actor=administrator, reason="Left")
    old.refresh_from_db()
    activate_person(user=old, actor=administrator)
    old.refresh_from_db()
    with pytest.raises(AccountError, match="address"):
        invite_person(user=old, actor=administrator)


def test_an_address_change_that_staff_settle(administrator: User) -> None:
    ana, other = comes_in(ANA), entered("other@alcyon.example")
    changed = Claims(ANA.issuer, "ana", other.email, True, "Ana", "Roux")
    comes_in(changed)
    row = RefusedSignIn.objects.get()
    with pytest.raises(AccountError, match="another account"):
        tie_refused(refused_id=row.pk, replace=False, actor=administrator, reason="x")
    give_address_away(refused_id=row.pk, actor=administrator, reason="Married")
    assert comes_in(changed).email == "other@alcyon.example"
    assert SocialAccount.objects.get().user == ana


def test_what_is_dismissed_comes_back_only_if_it_arrives_again(administrator: User) -> None:
    comes_in(ANA)
    dismiss_refused(refused_id=refused(NAMESAKE).pk, actor=administrator, reason="Unknown")
    assert not RefusedSignIn.objects.exists()
    assert refused(NAMESAKE).times == 1


def _tie(refused_id: Any, actor: User, reason: str = "why") -> None:
    tie_refused(refused_id=refused_id, replace=False, actor=actor, reason=reason)


def _give(refused_id: Any, actor: User, reason: str = "why") -> None:
    give_address_away(refused_id=refused_id, actor=actor, reason=reason)


def _dismiss(refused_id: Any, actor: User, reason: str = "why") -> None:
    dismiss_refused(refused_id=refused_id, actor=actor, reason=reason)


@pytest.mark.parametrize("decide", [_tie, _give, _dismiss])
def test_a_decision_needs_a_reason_and_is_made_once(administrator: User, decide: Callable[..., None]) -> None:
    comes_in(ANA)
    row = refused(NAMESAKE)
    with pytest.raises(AccountError, match="why"):
        decide(row.pk, administrator, "  ")
    decide(row.pk, administrator)
    with pytest.raises(AccountError, match="meanwhile"):
        decide(row.pk, administrator)


@pytest.mark.parametrize("decide", [_tie, _give])
def test_nobody_decides_for_their_own_account_or_one_that_may_do_more(administrator: User, decide: Callable[..., None]) -> None:
    User.objects.filter(pk=administrator.pk).update(email=MAIL)
    row = refused()
    assert row.holder == administrator
    with pytest.raises(AccountError, match="your own"):
        decide(row.pk, administrator)
    clerk = UserFactory(permissions=["accounts.manage_people"])
    with pytest.raises(AccountError, match="may do more"):
        decide(row.pk, clerk)
    assert not SocialAccount.objects.exists()


def test_ones_own_new_address_is_decided_by_another(administrator: User) -> None:
    SocialAccount.objects.create(user=administrator, provider="openid_connect", uid=ANA.identity, extra_data={})
    entered()
    comes_in(ANA)
    with pytest.raises(AccountError, match="your own"):
        _give(RefusedSignIn.objects.get().pk, administrator)


def test_the_last_administrator_keeps_the_address(administrator: User) -> None:
    User.objects.filter(pk=administrator.pk).update(email=MAIL)
    superuser = UserFactory(is_superuser=True)
    with pytest.raises(AccountError, match="last administrator"):
        _give(refused().pk, superuser)
    administrator.refresh_from_db()
    assert administrator.email == MAIL


def test_an_unconfirmed_address_is_given_to_nobody(administrator: User) -> None:
    comes_in(ANA)
    row = refused(Claims(ANA.issuer, "eve", MAIL))
    with pytest.raises(AccountError, match="does not confirm"):
        _give(row.pk, administrator)
    _tie(row.pk, administrator)
    assert SocialAccount.objects.filter(uid=identity_of(ANA.issuer, "eve")).exists()


def test_what_is_settled_otherwise_is_not_decided_any_more(administrator: User) -> None:
    ana = comes_in(ANA)
    row = refused(NAMESAKE)
    change_email(user=ana, email="ana2@alcyon.example", actor=administrator)
    with pytest.raises(AccountError, match="no longer has that address"):
        _give(row.pk, administrator)
    assert comes_in(NAMESAKE) != ana
    assert not RefusedSignIn.objects.exists(), "Who came in waits no more"


def test_an_identity_that_is_taken_away_opens_nothing_and_comes_among_the_refused(administrator: User) -> None:
    ana = comes_in(ANA)
    [tie] = SocialAccount.objects.all()
    with pytest.raises(AccountError, match="why"):
        untie_identity(user=ana, identity_id=tie.pk, actor=administrator, reason=" ")
    with pytest.raises(AccountError, match="not tied"):
        untie_identity(user=UserFactory(), identity_id=tie.pk, actor=administrator, reason="x")
    with pytest.raises(AccountError, match="your own"):
        untie_identity(user=administrator, identity_id=tie.pk, actor=administrator, reason="x")
    User.objects.update(last_login=timezone.now())
    untie_identity(user=ana, identity_id=tie.pk, actor=administrator, reason="Not theirs")
    assert not SocialAccount.objects.exists()
    assert refused().why == RefusalReason.USED
