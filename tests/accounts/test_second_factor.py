from __future__ import annotations

import json
import re
import time

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import User
from apps.accounts.secrecy import seal, unseal
from apps.accounts.services import reset_second_factor
from apps.core.crypto import Tampered
from apps.core.models import AuditEntry
from tests.factories.accounts import PASSWORD, UserFactory

from .conftest import Letters, SignIn, reauthenticate

pytestmark = pytest.mark.django_db

ACTIVATE = "/accounts/2fa/totp/activate/"


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def set_up_app(client: Client) -> str:
    """Set up the app through its page; return the secret it was shown."""
    reauthenticate(client)
    page = client.get(ACTIVATE).content.decode()
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page)
    assert found
    response = client.post(ACTIVATE, {"code": code_of(found[1])})
    assert response.status_code == 302, response.content.decode()
    return found[1]


def test_it_is_asked_who_one_is_before_anything_changes(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    for path in (ACTIVATE, "/accounts/2fa/webauthn/add/", "/accounts/2fa/recovery-codes/generate/", "/account/tokens/new/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/reauthenticate/")
    wrong = client.post("/accounts/reauthenticate/", {"password": "not-mine"})
    assert "This is not your password." in wrong.content.decode()


def test_with_the_app_the_password_alone_opens_nothing(person: User, sign_in: SignIn, visitor: Client) -> None:
    secret = set_up_app(sign_in(person))
    visitor.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert visitor.get("/account/").status_code == 302

    wrong = visitor.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "This code is not right" in wrong.content.decode()
    assert visitor.get("/account/").status_code == 302

    assert visitor.post("/accounts/2fa/authenticate/", {"code": code_of(secret)}).status_code == 302
    assert visitor.get("/account/").status_code == 200


def test_secrets_rest_encrypted(person: User, sign_in: SignIn) -> None:
    secret = set_up_app(sign_in(person))
    stored = {row.type: row.data for row in Authenticator.objects.all()}
    assert secret not in json.dumps(stored)
    assert get_adapter().decrypt(stored["totp"]["secret"]) == secret
    assert stored["recovery_codes"]["seed"].startswith("sealed:")


def test_a_recovery_code_works_once(person: User, sign_in: SignIn) -> None:
    set_up_app(sign_in(person))
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    for expected in (200, 302):
        client = Client()
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert client.get("/account/").status_code == expected


def test_setting_it_up_tells_the_person_and_the_trail(
    person: User, sign_in: SignIn, letters: Letters, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = sign_in(person)
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(client)
    assert {letter.subject for letter in letters()} >= {"Almia · A second step protects your account"}
    assert AuditEntry.objects.filter(action="accounts.add_second_factor").count() == 2  # the app, and its recovery codes
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(type="totp").exists()
    assert AuditEntry.objects.filter(action="accounts.remove_second_factor").exists()


def test_the_pages_in_every_state(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    assert "Not active" in client.get("/accounts/2fa/").content.decode()
    assert "No key yet" in client.get("/accounts/2fa/webauthn/").content.decode()
    set_up_app(client)
    assert "10 left" in client.get("/accounts/2fa/").content.decode()
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert len(client.get("/accounts/2fa/recovery-codes/download/").content.split()) == 10
    assert "publicKey" in client.get("/accounts/2fa/webauthn/add/").content.decode()


def test_nobody_elses_key_can_be_renamed_or_removed(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    reauthenticate(client)
    other = Authenticator.objects.create(user=UserFactory(), type="webauthn", data={"name": "k", "credential": {}})
    missing = client.post(f"/accounts/2fa/webauthn/keys/{other.pk + 1}/remove/").status_code
    assert client.post(f"/accounts/2fa/webauthn/keys/{other.pk}/remove/").status_code == missing == 404
    assert client.post(f"/accounts/2fa/webauthn/keys/{other.pk}/edit/", {"name": "mine"}).status_code == 404


@pytest.mark.parametrize(
    "credential", ["", "null", "[]", "{}", '{"id": "x"}', '{"rawId": 3, "response": {"userHandle": null}}', "nonsense"]
)
def test_a_forged_passkey_is_refused_without_a_fuss(visitor: Client, credential: str) -> None:
    visitor.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    response = visitor.post("/accounts/2fa/webauthn/login/", {"credential": credential})
    assert response.status_code == 302
    assert visitor.get("/account/").status_code == 302


def test_staff_lift_the_second_step_of_who_lost_it(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    set_up_app(client)
    reset_second_factor(user=person, actor=UserFactory())
    assert client.get("/account/").status_code == 302
    assert sign_in(person).get("/account/").status_code == 200


def test_what_is_sealed_opens_for_its_purpose_only() -> None:
    sealed = seal("secret", purpose="letter")
    assert unseal(sealed, purpose="letter") == "secret"
    with pytest.raises(Tampered):
        unseal(sealed, purpose="second-factor")
    with pytest.raises(Tampered):
        unseal("secret", purpose="letter")


def test_the_clock_of_a_telephone_may_be_a_little_off(person: User) -> None:
    wrapped = TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    late = str(format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", int(time.time()) // 30 - 1)))
    assert wrapped.validate_code(late)
