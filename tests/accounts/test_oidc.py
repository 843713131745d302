"""Single sign-on against a real provider, in a process of its own: the whole code flow, and what a hostile provider might try."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import deactivate_person
from apps.core.models import AuditEntry
from tests.factories.accounts import DepartmentFactory, EntityFactory, JobRoleFactory, UserFactory

from .company_sign_in import LOGIN, at_provider, come_in, leave

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("configured")]


# Coming in -------------------------------------------------------------------------------------------------------------
def test_somebody_new_comes_in_with_their_place_and_no_role() -> None:
    entity, department = EntityFactory(code="alcyon-sante"), DepartmentFactory(code="prestations")
    JobRoleFactory(code="another-job")
    client, response = come_in("ana")
    assert response.headers["Location"] == "/"
    assert client.get("/account/").status_code == 200
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("ana.roux@alcyon.example", "Ana", "Roux")
    assert (user.entity, user.department, user.job_role) == (entity, department, None)
    assert not user.has_usable_password()
    assert not user.is_superuser
    assert not user.is_staff
    assert not user.groups.exists()
    assert not user.user_permissions.exists()
    assert not SocialToken.objects.exists(), "The provider's tokens are not ours to keep"
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))[-1] == "accounts.sign_in"


def test_the_button_stands_on_the_sign_in_page_and_goes_where_one_was_going() -> None:
    client = Client(headers={"accept-language": "en"})
    page = client.get("/accounts/login/?next=/account/").content.decode()
    assert "Continue with Alcyon" in page
    assert "/accounts/oidc/alcyon/login/?process=login&amp;next=%2Faccount%2F" in page
    assert client.get(LOGIN).status_code == 200, "Looking sends nobody away"
    _, response = come_in("ana", next="/account/")
    assert response.headers["Location"] == "/account/"
    _, response = come_in("ana", next="https://evil.example/")
    assert response.headers["Location"] == "/"


def test_the_second_time_it_is_the_same_person_and_their_place_is_brought_up_to_date() -> None:
    come_in("ana")
    entity = EntityFactory(code="alcyon-sante")
    User.objects.update(email="renamed@alcyon.example")
    come_in("ana")
    assert User.objects.get().entity == entity
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize("person", ["unverified", "in_words", "silent", "without", "nonsense", "upn"])
@pytest.mark.parametrize("known", [True, False])
def test_an_address_the_provider_does_not_confirm_opens_nothing(person: str, known: bool) -> None:
    if known:
        victim = UserFactory(email="victim@alcyon.example")
        EmailAddress.objects.create(user=victim, email=victim.email, primary=True, verified=True)
    client, response = come_in(person)
    assert response.status_code == 403
    assert "Your address is not confirmed" in response.content.decode()
    assert client.get("/account/").status_code == 302
    assert User.objects.count() == known
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("person", ["silent", "upn"])
def test_a_company_may_vouch_for_its_own_domains(configured: dict[str, Any], person: str) -> None:
    configured["settings"]["verified_email"] = ["Alcyon.example"]
    _, response = come_in(person)
    assert response.headers["Location"] == "/"
    assert User.objects.get().email == "victim@alcyon.example"


def test_a_closed_account_stays_closed() -> None:
    come_in("ana")
    deactivate_person(user=User.objects.get(), actor=None, reason="Left")
    client, response = come_in("ana")
    assert response.headers["Location"] == "/accounts/inactive/"
    assert client.get("/account/").status_code == 302


def test_giving_up_at_the_provider_is_no_error() -> None:
    client, response = come_in("nobody-there")
    assert response.headers["Location"] == "/accounts/3rdparty/login/cancelled/"
    assert "Nothing has happened" in client.get(response.headers["Location"]).content.decode()


# What must be refused --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "deceit",
    [
        "replayed_nonce",
        "other_audience",
        "other_party",
        "other_issuer",
        "expired",
        "no_expiry",
        "other_key",
        "unknown_key",
        "unsigned",
        "public_key_as_secret",
        "other_person",
        "no_id_token",
        "foreign_nonce",
        "nameless_among_two",
        "encryption_key",
    ],
)
def test_a_token_that_cannot_be_trusted_opens_nothing(deceit: str) -> None:
    client, response = come_in("ana", deceit)
    assert response.status_code == 401
    assert "Signing in did not work" in response.content.decode()
    assert client.get("/account/").status_code == 302
    assert not User.objects.exists()


def test_what_leaves_carries_pkce_nonce_and_state_and_nothing_from_the_visitor() -> None:
    client = Client()
    first = parse_qs(urlsplit(leave(client, scope="admin", auth_params="prompt=none&nonce=mine")).query)
    second = parse_qs(urlsplit(leave(client)).query)
    assert first["code_challenge_method"] == ["S256"]
    for name in ("code_challenge", "nonce", "state"):
        assert first[name] != second[name]
    assert first["nonce"] != ["mine"]
    assert "prompt" not in first
    assert set(first["scope"][0].split()) == {"openid", "profile", "email"}
    assert "secret" not in str(first)


def test_an_answer_to_somebody_elses_request_is_refused() -> None:
    theirs = at_provider(leave(Client()), "ana")
    me = Client(headers={"accept-language": "en"})
    leave(me)
    assert me.get(theirs).status_code == 401
    assert me.get("/account/").status_code == 302


def test_a_code_works_once() -> None:
    client = Client(headers={"accept-language": "en"})
    back = at_provider(leave(client), "ana")
    assert client.get(back).status_code == 302
    client.post("/accounts/logout/")
    assert client.get(back).status_code == 401


def test_nobody_ties_an_outside_account_to_their_own() -> None:
    user = UserFactory()
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    back = at_provider(leave(client, process="connect"), "ana")
    assert client.get(back).status_code == 401
    assert not SocialAccount.objects.exists()
    SocialAccount.objects.create(user=user, provider="alcyon", uid="me")
    client.post("/accounts/3rdparty/", {"account": str(SocialAccount.objects.get().pk)})
    assert SocialAccount.objects.exists(), "Nor takes the company's link away"


def test_another_way_through_the_provider_is_refused() -> None:
    client = Client(headers={"accept-language": "en"})
    back = at_provider(leave(client, process="redirect", next="/account/"), "ana")
    assert client.get(back).status_code == 401


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://127.0.0.1:9/.well-known/nothing"])
def test_a_provider_that_is_down_gets_a_sentence(configured: dict[str, Any], address: str) -> None:
    configured["settings"]["server_url"] = address
    response = Client(headers={"accept-language": "en"}).post(LOGIN)
    assert response.status_code == 401
    assert "Signing in did not work" in response.content.decode()


def test_a_provider_that_goes_down_meanwhile_gets_a_sentence(configured: dict[str, Any]) -> None:
    client = Client(headers={"accept-language": "en"})
    back = at_provider(leave(client), "ana")
    configured["settings"]["server_url"] = "http://127.0.0.1:9"
    response = client.get(back)
    assert response.status_code == 401
    assert "Signing in did not work" in response.content.decode()


def test_a_provider_that_describes_itself_badly_gets_a_sentence(configured: dict[str, Any], provider: str) -> None:
    configured["settings"]["server_url"] = f"{provider}/.well-known/openid-configuration/../../jwks"
    assert Client().post(LOGIN).status_code == 401


def test_a_provider_nobody_configured_does_not_exist() -> None:
    assert Client().post("/accounts/oidc/another/login/").status_code == 404
    assert Client().get("/accounts/oidc/another/login/callback/?code=1&state=2").status_code == 404


# The environment -------------------------------------------------------------------------------------------------------
def test_the_environment_switches_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from almia.settings import sign_in

    assert sign_in.OIDC_APPS == []
    values = {
        "ID": "entra",
        "NAME": "Alcyon",
        "URL": "https://sso.alcyon.example/realms/alcyon",
        "CLIENT_ID": "almia",
        "CLIENT_SECRET": "hush",
        "CLAIM_ENTITY": "company",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"ALMIA_OIDC_{name}", value)
    try:
        importlib.reload(sign_in)
        [app] = sign_in.OIDC_APPS
        assert (app["provider_id"], app["name"], app["client_id"], app["secret"]) == ("entra", "Alcyon", "almia", "hush")
        assert app["settings"]["claims"] == {"entity": "company"}
        assert app["settings"]["oauth_pkce_enabled"]
        assert sign_in.OIDC_ORIGINS == ["https://sso.alcyon.example"]
    finally:
        monkeypatch.undo()
        importlib.reload(sign_in)
    assert sign_in.OIDC_APPS == []
