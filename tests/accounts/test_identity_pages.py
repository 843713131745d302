"""Staff see the refused person beside the holder of the address, and decide; the rules; the identities of a person."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.enums import Role
from apps.accounts.models import RefusedSignIn, SignInRules, User
from apps.accounts.oidc.claims import Claims
from apps.accounts.roles import sync_roles
from apps.accounts.services import SignInRefused, deactivate_person, receive, welcome_back
from apps.core.models import AuditEntry
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

LIST = "/staff/people/refused/"
ISSUER = "https://sso.alcyon.example"


@pytest.fixture
def administrator() -> User:
    sync_roles()
    user: User = UserFactory()
    user.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
    return user


@pytest.fixture
def staff(administrator: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(administrator)
    return client


def refuse(number: int = 0, **changes: Any) -> RefusedSignIn:
    """Somebody comes with the address of `person-N`, who came before."""
    email = f"ana{number}@alcyon.example"
    if not User.objects.filter(email=email).exists():
        receive(claims=Claims(ISSUER, f"first-{number}", email, True, "Ana", f"Roux{number}"))
    claims = {"issuer": ISSUER, "subject": f"second-{number}", "email": email, "verified": True, "first_name": "Other", **changes}
    with pytest.raises(SignInRefused) as caught:
        receive(claims=Claims(**claims))
    assert caught.value.refused is not None
    return caught.value.refused


# Doors -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [None, Role.TRAINER, Role.CHAMPION])
def test_without_the_right_nothing_is_seen_or_done(role: Role | None) -> None:
    sync_roles()
    user = UserFactory()
    if role:
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    row = refuse()
    tie = SocialAccount.objects.get()
    for path in (LIST, f"{LIST}{row.pk}/", f"{LIST}{uuid.uuid4()}/", "/staff/people/rules/"):
        assert client.get(path).status_code == 403
        assert client.post(path, {"decision": "same", "reason": "x"}).status_code in {403, 405}
    untie = f"/staff/people/{tie.user_id}/identities/{tie.pk}/untie/"
    assert client.post(untie, {f"untie-{tie.pk}-reason": "x"}).status_code == 403
    assert SocialAccount.objects.count() == RefusedSignIn.objects.count() == 1


def test_who_only_looks_people_up_sees_identities_and_nothing_to_do() -> None:
    tie = receive(claims=Claims(ISSUER, "ana", "ana@alcyon.example", True))
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory(permissions=["accounts.see_people"]))
    assert "Refused sign-ins" not in client.get("/staff/people/").content.decode()
    page = client.get(f"/staff/people/{tie.user_id}/").content.decode()
    assert ISSUER in page
    assert "Remove this identity" not in page


def test_what_does_not_exist(staff: Client) -> None:
    assert staff.get(f"{LIST}{uuid.uuid4()}/").status_code == 404
    assert staff.post(f"{LIST}{uuid.uuid4()}/", {"decision": "same", "reason": "x"}).status_code == 404


# The list --------------------------------------------------------------------------------------------------------------
def test_the_list_asks_the_same_for_one_and_for_many(staff: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    refuse()
    staff.get(LIST)
    with django_assert_num_queries(7):
        staff.get(LIST)
    for number in (1, 2, 3):
        refuse(number)
    with django_assert_num_queries(7):
        page = staff.get(LIST).content.decode()
    assert page.count("The account belongs to another identity") == 4


def test_the_list_says_who_came_and_how_many_wait(staff: Client) -> None:
    assert "Nobody is waiting" in staff.get(LIST).content.decode()
    assert '<span class="count">' not in staff.get("/staff/people/").content.decode()
    row = refuse(first_name="<b>Eve</b>")
    page = staff.get(LIST).content.decode()
    assert row.reference in page
    assert "&lt;b&gt;Eve&lt;/b&gt;" in page
    assert "Ana Roux0" in page
    assert 'Refused sign-ins <span class="count">1</span>' in staff.get("/staff/people/").content.decode()


def test_the_list_has_pages(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.views.identities.PER_PAGE", 2)
    for number in range(3):
        refuse(number)
    assert staff.get(LIST).content.decode().count('scope="row"') == 2
    assert staff.get(LIST, {"page": "2"}).content.decode().count('scope="row"') == 1


# Deciding --------------------------------------------------------------------------------------------------------------
def test_both_stand_side_by_side(staff: Client) -> None:
    row = refuse(first_name="Anouk")
    page = staff.get(f"{LIST}{row.pk}/").content.decode()
    for words in ("Anouk", "Ana Roux0", "first-0", "second-0", ISSUER, row.reference, "confirmed by the company"):
        assert words in page


def test_the_same_person(staff: Client) -> None:
    row = refuse()
    response = staff.post(f"{LIST}{row.pk}/", {"decision": "same", "replace": "on", "reason": "New directory"}, follow=True)
    assert "From now on this sign-in opens the account of Ana Roux0." in response.content.decode()
    assert SocialAccount.objects.get().extra_data == {"iss": ISSUER, "sub": "second-0"}


def test_a_closed_account_stays_closed_and_the_page_says_so(staff: Client) -> None:
    row = refuse()
    deactivate_person(user=row.holder, actor=None, reason="Left")
    response = staff.post(f"{LIST}{row.pk}/", {"decision": "same", "reason": "Came back"}, follow=True)
    assert "stays closed until you open it" in response.content.decode()


def test_another_person(staff: Client) -> None:
    row = refuse()
    staff.post(f"{LIST}{row.pk}/", {"decision": "another", "reason": "Left in 2024"})
    page = staff.get(f"/staff/people/{row.holder_id}/").content.decode()
    assert "no address: another person has it now" in page
    assert "address-taken-away" not in page


def test_left_refused(staff: Client) -> None:
    row = refuse()
    staff.post(f"{LIST}{row.pk}/", {"decision": "dismiss", "reason": "Nobody knows them"})
    assert "Nobody is waiting" in staff.get(LIST).content.decode()
    assert AuditEntry.objects.get(action="accounts.dismiss_refused").reason == "Nobody knows them"


HALVES = [{}, {"decision": "same"}, {"reason": "x"}, {"decision": "king", "reason": "x"}, {"decision": "same", "reason": " "}]


@pytest.mark.parametrize("data", HALVES)
def test_half_a_decision_is_none_and_keeps_what_was_typed(staff: Client, data: dict[str, str]) -> None:
    row = refuse()
    response = staff.post(f"{LIST}{row.pk}/", data)
    assert response.status_code == 422
    assert RefusedSignIn.objects.exists()
    if data.get("reason") == "x":
        assert 'value="x"' in response.content.decode()


def test_only_what_is_possible_can_be_chosen(staff: Client) -> None:
    unconfirmed = refuse(verified=False)
    page = staff.get(f"{LIST}{unconfirmed.pk}/").content.decode()
    assert 'value="another"' not in page
    assert "not confirmed by the company" in page
    assert staff.post(f"{LIST}{unconfirmed.pk}/", {"decision": "another", "reason": "x"}).status_code == 422
    known = receive(claims=Claims(ISSUER, "known", "known@alcyon.example", True)).user
    welcome_back(user=known, claims=Claims(ISSUER, "known", "ana0@alcyon.example", True))
    conflict = RefusedSignIn.objects.get(person=known)
    page = staff.get(f"{LIST}{conflict.pk}/").content.decode()
    assert 'value="same"' not in page
    assert "They came in, with the address they had." in page


def test_ones_own_account_is_somebody_elses_to_decide(staff: Client, administrator: User) -> None:
    User.objects.filter(pk=administrator.pk).update(email="ana0@alcyon.example")
    row = refuse()
    response = staff.post(f"{LIST}{row.pk}/", {"decision": "same", "reason": "It is me"})
    assert response.status_code == 422
    assert "This is your own account" in response.content.decode()


# The rules -------------------------------------------------------------------------------------------------------------
def test_the_rules_are_shown_and_changed(staff: Client) -> None:
    page = staff.get("/staff/people/rules/").content.decode()
    assert page.count(" checked") == 3
    assert not SignInRules.objects.exists(), "Looking writes nothing"
    response = staff.post("/staff/people/rules/", {"take_names": "on"}, follow=True)
    assert "The rules apply from the next sign-in on." in response.content.decode()
    rules = SignInRules.objects.get()
    assert (rules.meet_by_address, rules.take_names, rules.take_address) == (False, True, False)
    assert staff.get("/staff/people/rules/").content.decode().count(" checked") == 1


# A person's identities -------------------------------------------------------------------------------------------------
def test_a_person_shows_their_identities_and_loses_one_with_a_reason(staff: Client) -> None:
    person = receive(claims=Claims(ISSUER, "ana", "ana@alcyon.example", True)).user
    tie = SocialAccount.objects.get()
    page = staff.get(f"/staff/people/{person.pk}/").content.decode()
    assert ISSUER in page
    assert "<code>ana</code>" in page
    act = f"/staff/people/{person.pk}/identities/{tie.pk}/untie/"
    assert staff.get(act).status_code == 405
    assert "Say why" in staff.post(act, {}, follow=True).content.decode()
    assert SocialAccount.objects.exists()
    done = staff.post(act, {f"untie-{tie.pk}-reason": "Not theirs"}, follow=True).content.decode()
    assert "no longer opens the account of ana@alcyon.example" in done
    assert not SocialAccount.objects.exists()


def test_an_identity_of_an_earlier_release_is_told_as_it_is(staff: Client) -> None:
    person = UserFactory()
    SocialAccount.objects.create(user=person, provider="sso", uid="42", extra_data={})
    assert "not kept by an earlier release" in staff.get(f"/staff/people/{person.pk}/").content.decode()


def test_ones_own_page_names_the_issuer_even_if_the_sign_in_is_switched_off() -> None:
    person = receive(claims=Claims(ISSUER, "ana", "ana@alcyon.example", True)).user
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    page = client.get("/accounts/3rdparty/")
    assert page.status_code == 200
    assert ISSUER in page.content.decode()
