"""Whose account it is: identity decides, an address at most once, and staff decide the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from apps.accounts.enums import RefusalReason, Role
from apps.accounts.models import PersonalToken, RefusedSignIn, User
from apps.accounts.oidc.claims import Claims, identity_of
from apps.accounts.services import (
    SignInRefused,
    change_email,
    change_sign_in_rules,
    create_token,
    deactivate_person,
    receive,
)
from apps.core.models import AuditEntry
from tests.factories.accounts import UserFactory

from .arrivals import ANA, ELSEWHERE, MAIL, NAMESAKE, comes_in, entered, refused
from .importing import imported

pytestmark = pytest.mark.django_db


def rules(*, actor: User | None = None, **changes: bool) -> None:
    values = {"meet_by_address": True, "take_names": True, "take_address": True, **changes}
    change_sign_in_rules(**values, actor=actor or UserFactory())


# Met by address, once --------------------------------------------------------------------------------------------------
def test_an_imported_person_is_met_the_first_time_they_come() -> None:
    imported(f"email;first_name;last_name\n{MAIL};Ana;Roux\n", actor=UserFactory())
    assert comes_in(ANA) == User.objects.get(email=MAIL)
    assert AuditEntry.objects.filter(action="accounts.meet_by_address").count() == 1
    assert refused(NAMESAKE).why == RefusalReason.OTHER_IDENTITY


def _has_password(user: User) -> None:
    user.set_password("correct-horse-battery")
    user.save()


def _has_token(user: User) -> None:
    create_token(user=user, name="x", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    PersonalToken.objects.update(revoked_at=timezone.now())


def _has_role(user: User) -> None:
    user.groups.add(Group.objects.get_or_create(name=Role.CHAMPION.value)[0])


USES: dict[str, tuple[Callable[[User], Any], RefusalReason]] = {
    "signed in": (lambda user: User.objects.update(last_login=timezone.now()), RefusalReason.USED),
    "password": (_has_password, RefusalReason.USED),
    "session": (lambda user: UserSession.objects.create(user=user, session_key="x", ip="127.0.0.1"), RefusalReason.USED),
    "token, revoked": (_has_token, RefusalReason.USED),
    "passkey": (lambda user: Authenticator.objects.create(user=user, type="webauthn", data={}), RefusalReason.USED),
    "identity": (
        lambda user: SocialAccount.objects.create(user=user, provider="sso", uid="ana", extra_data={}),
        RefusalReason.OTHER_IDENTITY,
    ),
    "closed": (lambda user: deactivate_person(user=user, actor=None, reason="Left"), RefusalReason.CLOSED),
    "address never confirmed": (lambda user: EmailAddress.objects.update(verified=False), RefusalReason.USED),
    "nobody vouched": (lambda user: EmailAddress.objects.all().delete(), RefusalReason.USED),
    "a role": (_has_role, RefusalReason.ROLE),
    "superuser": (lambda user: User.objects.update(is_superuser=True), RefusalReason.ROLE),
    "the rule": (lambda user: rules(meet_by_address=False), RefusalReason.RULE),
}


@pytest.mark.parametrize("use", USES)
def test_an_account_that_could_hold_something_is_never_met(use: str) -> None:
    user = entered()
    prepare, why = USES[use]
    prepare(user)
    found = refused()
    assert (found.why, found.holder, found.email, found.name) == (why, user, MAIL, "Ana Roux")
    assert not SocialAccount.objects.filter(uid=ANA.identity).exists()
    assert not User.objects.filter(first_name="Ana").exclude(pk=user.pk).exists()


def test_an_address_that_is_not_confirmed_opens_nothing_and_staff_see_it() -> None:
    entered()
    assert refused(Claims(ANA.issuer, "eve", MAIL)).why == RefusalReason.UNVERIFIED
    for nobodys in (Claims(ANA.issuer, "eve", "nobody@alcyon.example"), Claims(ANA.issuer, "eve")):
        with pytest.raises(SignInRefused) as caught:
            receive(claims=nobodys)
        assert caught.value.refused is None
    assert not SocialAccount.objects.exists()


def test_an_address_in_other_letters_is_the_same() -> None:
    user = entered()
    User.objects.filter(pk=user.pk).update(email="Ana.Roux@alcyon.example", last_login=timezone.now())
    assert refused().holder == user


def test_an_address_that_only_stands_among_somebodys_addresses_is_theirs_too() -> None:
    user = entered("other@alcyon.example")
    EmailAddress.objects.create(user=user, email=MAIL, verified=True)
    assert refused().why == RefusalReason.USED


# Recycled, changed, elsewhere --------------------------------------------------------------------------------------------
def test_a_closed_account_is_not_opened_by_who_has_its_address_now() -> None:
    first = comes_in(ANA)
    deactivate_person(user=first, actor=None, reason="Left")
    assert refused(NAMESAKE).holder == first
    first.refresh_from_db()
    assert not first.is_active
    assert not comes_in(ANA).is_active, "Nor by its own identity"


def test_an_import_hands_nothing_over() -> None:
    first = comes_in(ANA)
    imported(f"email;first_name;last_name\n{MAIL};Anaïs;Roussel\n", actor=UserFactory())
    assert refused(NAMESAKE).holder == first
    assert SocialAccount.objects.get().user == first


def test_staff_change_an_address_to_one_that_an_identity_has() -> None:
    """The identity still opens its own account; the address belongs to another account now, and the conflict is listed."""
    ana, other = comes_in(ANA), entered("other@alcyon.example")
    change_email(user=ana, email="ana.old@alcyon.example", actor=UserFactory())
    change_email(user=other, email=MAIL, actor=UserFactory())
    assert comes_in(ANA) == ana
    ana.refresh_from_db()
    assert ana.email == "ana.old@alcyon.example"
    found = RefusedSignIn.objects.get()
    assert (found.holder, found.person, found.why) == (other, ana, RefusalReason.NEW_ADDRESS)
    other.refresh_from_db()
    assert other.last_login is None
    assert not SocialAccount.objects.filter(user=other).exists()


def test_a_second_issuer_is_somebody_else_with_the_same_subject_and_address() -> None:
    comes_in(ANA)
    assert refused(ELSEWHERE).why == RefusalReason.OTHER_IDENTITY
    free = Claims(ELSEWHERE.issuer, "ana", "free@alcyon.example", True)
    assert comes_in(free).email == "free@alcyon.example"
    assert User.objects.count() == 2


def test_a_new_address_is_taken_over_and_letters_to_the_old_one_open_nothing() -> None:
    ana = comes_in(ANA)
    back = comes_in(Claims(ANA.issuer, "ana", "ana.martin@alcyon.example", True, "Ana", "Martin"))
    assert back == ana
    assert (back.email, back.last_name) == ("ana.martin@alcyon.example", "Martin")
    assert [address.email for address in EmailAddress.objects.filter(user=ana)] == ["ana.martin@alcyon.example"]
    assert AuditEntry.objects.filter(action="accounts.take_over_email").count() == 1
    assert comes_in(NAMESAKE) != ana, "The address is free: who has it now is somebody new"


def test_a_new_address_that_is_not_confirmed_is_left() -> None:
    comes_in(ANA)
    assert comes_in(Claims(ANA.issuer, "ana", "new@alcyon.example", False)).email == MAIL
    assert comes_in(Claims(ANA.issuer, "ana")).email == MAIL
    assert not RefusedSignIn.objects.exists()


def test_a_new_address_that_somebody_has_is_left_and_seen_until_it_is_settled() -> None:
    ana, other = comes_in(ANA), entered("other@alcyon.example")
    changed = Claims(ANA.issuer, "ana", other.email, True, "Ana", "Roux")
    assert comes_in(changed) == ana
    assert comes_in(changed).email == MAIL
    assert RefusedSignIn.objects.get().times == 2
    comes_in(ANA)
    assert not RefusedSignIn.objects.exists()


def test_a_new_address_that_was_only_claimed_is_its_owners() -> None:
    comes_in(ANA)
    squatter = UserFactory(email="new@alcyon.example")
    EmailAddress.objects.create(user=squatter, email=squatter.email, primary=True, verified=False)
    assert comes_in(Claims(ANA.issuer, "ana", "new@alcyon.example", True)).email == "new@alcyon.example"
    squatter.refresh_from_db()
    assert not squatter.is_active


def test_rules_keep_names_and_address_as_they_were_entered() -> None:
    comes_in(ANA)
    rules(take_names=False, take_address=False)
    back = comes_in(Claims(ANA.issuer, "ana", "new@alcyon.example", True, "Anaïs", "Martin"))
    assert (back.email, back.get_full_name()) == (MAIL, "Ana Roux")


def test_a_name_that_is_missing_takes_none_away() -> None:
    comes_in(ANA)
    assert comes_in(Claims(ANA.issuer, "ana", MAIL, True)).get_full_name() == "Ana Roux"


def test_rules_are_in_the_trail_when_they_change() -> None:
    actor = UserFactory()
    rules(actor=actor)
    assert not AuditEntry.objects.filter(action="accounts.change_sign_in_rules").exists()
    rules(actor=actor, take_names=False)
    assert AuditEntry.objects.get(action="accounts.change_sign_in_rules").details == {"take_names": False}


# No flood --------------------------------------------------------------------------------------------------------------
def test_trying_again_is_counted_and_told_once() -> None:
    comes_in(ANA)
    first, last = refused(NAMESAKE), refused(NAMESAKE)
    assert (first.pk, last.times) == (last.pk, 2)
    assert last.last_at > last.first_at
    assert AuditEntry.objects.filter(action="accounts.refuse_sign_in").count() == 1


def test_who_writes_their_own_claims_does_not_fill_the_list() -> None:
    for number in range(8):
        refused(Claims(ANA.issuer, "eve", entered(f"p{number}@alcyon.example").email))
    assert RefusedSignIn.objects.count() == 5
    assert RefusedSignIn.objects.filter(email="p7@alcyon.example").exists()


def test_no_name_or_address_is_in_the_trail() -> None:
    comes_in(ANA)
    refused(NAMESAKE)
    for entry in AuditEntry.objects.order_by("pk"):
        for personal in (MAIL, "Ana", "Roux", "another-ana"):
            assert personal not in f"{entry.target} {entry.details}"


# At once ---------------------------------------------------------------------------------------------------------------
def _at_once(*arriving: Claims) -> list[User | None]:
    found: list[User | None] = []
    ready = threading.Barrier(len(arriving))

    def arrive(claims: Claims) -> None:
        ready.wait()
        try:
            found.append(receive(claims=claims).user)
        except SignInRefused:
            found.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=arrive, args=[claims]) for claims in arriving]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False])
def test_of_two_who_come_first_at_once_one_gets_in(known: bool) -> None:
    if known:
        entered()
    found = _at_once(ANA, NAMESAKE)
    assert sorted(user is None for user in found) == [False, True]
    assert SocialAccount.objects.count() == User.objects.count() == RefusedSignIn.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False])
def test_the_same_identity_twice_at_once_is_one_person(known: bool) -> None:
    if known:
        entered()
    first, second = _at_once(ANA, ANA)
    assert first == second == User.objects.get()
    assert SocialAccount.objects.count() == 1
    assert not RefusedSignIn.objects.exists()


# The rows of before ----------------------------------------------------------------------------------------------------
def _of_before(user: User, uid: str, data: dict[str, Any]) -> SocialAccount:
    return SocialAccount.objects.create(user=user, provider="sso", uid=uid, extra_data=data)


def test_what_was_found_by_subject_is_found_by_issuer_and_subject_where_the_claims_say_so() -> None:
    token = {"iss": ANA.issuer, "sub": "ana", "email": MAIL}
    ana, flat, silent, odd = entered(), UserFactory(), UserFactory(), UserFactory()
    _of_before(ana, "ana", {"id_token": token, "userinfo": {"sub": "ana", "phone_number": "1"}})
    _of_before(flat, "flat", {"iss": ANA.issuer, "sub": "flat"})
    left = [
        _of_before(silent, "42", {"userinfo": {"sub": "42"}}),
        _of_before(odd, "43", {"id_token": {"iss": "x", "sub": "44"}}),
        _of_before(UserFactory(), "a", {"id_token": {"iss": "y", "sub": "a"}}),
    ]
    SocialAccount.objects.create(user=UserFactory(), provider="entra", uid="a", extra_data={"id_token": {"iss": "y", "sub": "a"}})
    import_module("apps.accounts.migrations.0003_identities").name_by_issuer(apps, connection.schema_editor())
    assert comes_in(ANA) == ana
    assert SocialAccount.objects.get(user=flat).uid == identity_of(ANA.issuer, "flat")
    for row in left:
        before = row.uid
        row.refresh_from_db()
        assert (row.provider, row.uid, row.extra_data) == ("sso", before, {}), "Not guessed, and no claims kept"
    assert refused(Claims("x", "43", odd.email, True)).why == RefusalReason.OTHER_IDENTITY


def test_a_session_goes_on_when_the_address_follows_the_company() -> None:
    ana = comes_in(ANA)
    client = Client()
    client.force_login(ana)
    comes_in(Claims(ANA.issuer, "ana", "new@alcyon.example", True))
    assert client.get("/account/").status_code == 200
