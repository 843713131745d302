"""Whose account a company's sign-in opens, through the whole code flow: see `test_identities.py` for every case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.accounts.enums import RefusalReason
from apps.accounts.models import RefusedSignIn, User
from apps.accounts.services import create_person
from apps.core.models import AuditEntry
from tests.factories.accounts import UserFactory

from .company_sign_in import come_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("configured")]


def test_somebody_entered_who_never_came_is_met_by_their_confirmed_address_once() -> None:
    user = create_person(email="ana.roux@alcyon.example", first_name="Anna", last_name="Ruox", actor=None)
    come_in("ana")
    [tie] = SocialAccount.objects.all()
    assert tie.user == user
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Ana", "Roux"), "Names follow the company's sign-in"
    client, response = come_in("newcomer")
    assert response.status_code == 403
    assert client.get("/account/").status_code == 302
    assert SocialAccount.objects.get() == tie


def test_of_the_claims_only_the_identity_is_kept(provider: str) -> None:
    come_in("ana")
    [tie] = SocialAccount.objects.all()
    assert tie.extra_data == {"iss": provider, "sub": "ana"}
    assert len(tie.uid) == 64


def test_an_account_with_a_password_is_nobodys_because_of_its_address(person: User) -> None:
    User.objects.update(email="ana.roux@alcyon.example")
    EmailAddress.objects.update(email="ana.roux@alcyon.example")
    client, response = come_in("ana")
    page = response.content.decode()
    assert response.status_code == 403
    assert "Your address is in use here already" in page
    assert "ana.roux@alcyon.example" in page
    assert person.last_name not in page
    refused = RefusedSignIn.objects.get()
    assert refused.reference in page
    assert (refused.holder, refused.why, refused.subject) == (person, RefusalReason.USED, "ana")
    assert client.get("/account/").status_code == 302
    assert not SocialAccount.objects.exists()
    assert AuditEntry.objects.get().action == "accounts.refuse_sign_in"


def test_the_same_subject_of_another_issuer_is_somebody_else(configured: dict[str, Any], second_provider: str) -> None:
    come_in("ana")
    configured["settings"]["server_url"] = second_provider
    client, response = come_in("ana")
    assert response.status_code == 403
    assert client.get("/account/").status_code == 302
    assert RefusedSignIn.objects.get().issuer == second_provider
    assert SocialAccount.objects.count() == 1


def test_another_name_for_the_same_issuer_changes_nothing(configured: dict[str, Any]) -> None:
    come_in("ana")
    SocialAccount.objects.update(last_login=datetime(2026, 1, 1, tzinfo=UTC))
    configured["name"] = "Another name"
    _, response = come_in("ana")
    assert response.status_code == 302
    [tie] = SocialAccount.objects.all()
    assert tie.last_login.year > 2025
    assert tie.provider == "openid_connect"


def test_who_only_claimed_an_address_makes_way_for_its_owner_and_is_never_signed_into() -> None:
    squatter = UserFactory(email="ana.roux@alcyon.example")
    EmailAddress.objects.create(user=squatter, email=squatter.email, primary=True, verified=False)
    come_in("ana")
    squatter.refresh_from_db()
    assert not squatter.is_active
    assert not squatter.has_usable_password()
    assert not squatter.has_address
    owner = SocialAccount.objects.get().user
    assert owner != squatter
    assert owner.email == "ana.roux@alcyon.example"


def test_who_claimed_an_address_and_got_in_is_for_staff_to_see() -> None:
    squatter = UserFactory(email="ana.roux@alcyon.example")
    EmailAddress.objects.create(user=squatter, email=squatter.email, primary=True, verified=False)
    Client().force_login(squatter)
    _, response = come_in("ana")
    assert response.status_code == 403
    assert RefusedSignIn.objects.get().why == RefusalReason.USED
    assert not SocialAccount.objects.exists()


def test_user_information_with_nothing_but_the_subject_hides_no_claims() -> None:
    _, response = come_in("adfs")
    assert response.headers["Location"] == "/"
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("ana.roux@alcyon.example", "Ana", "Roux")


def test_odd_names_and_codes_never_fail_a_sign_in() -> None:
    _, response = come_in("strange")
    assert response.headers["Location"] == "/"
    user = User.objects.get()
    assert user.first_name == ""
    assert user.last_name.startswith("Roux xxx")
    assert len(user.last_name) == 80
    _, response = come_in("strange")
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("deceit", ["nameless_with_encryption_key", "nameless", "several_audiences"])
def test_a_token_that_names_no_key_or_several_audiences_is_taken_where_it_is_plain(deceit: str) -> None:
    _, response = come_in("ana", deceit)
    assert response.headers["Location"] == "/"


def test_a_subject_that_is_a_number_is_refused_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    _, response = come_in("numbered")
    assert response.status_code == 401
    assert not User.objects.exists()
    assert "InvalidSubjectError" in caplog.text
