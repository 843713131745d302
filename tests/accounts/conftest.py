from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from apps.accounts import panels
from apps.accounts.models import User
from apps.core import outbox
from apps.core.enums import MessageState
from apps.core.models import OutboxMessage
from tests.factories.accounts import PASSWORD, UserFactory

from .company_sign_in import serve

Letters = Callable[[], list[EmailMessage]]
SignIn = Callable[..., Client]


@pytest.fixture
def visitor() -> Client:
    """A browser in which nobody is signed in, in English."""
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def person(db: None) -> User:
    """Somebody with a confirmed address and the password PASSWORD."""
    user: User = UserFactory()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


@pytest.fixture
def sign_in() -> SignIn:
    """Sign somebody in through the sign-in page; return their browser."""

    def sign_in(user: User, password: str = PASSWORD) -> Client:
        client = Client(headers={"accept-language": "en", "user-agent": "Firefox"})
        response = client.post("/accounts/login/", {"login": user.email, "password": password})
        assert response.status_code == 302, response.content.decode()
        return client

    return sign_in


@pytest.fixture
def letters() -> Letters:
    """Run what waits in the outbox; return the e-mails sent so far."""

    def letters() -> list[EmailMessage]:
        for message in OutboxMessage.objects.exclude(state=MessageState.DONE).order_by("created_at"):
            outbox.run(message.pk)
        return list(mail.outbox)

    return letters


@pytest.fixture
def no_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages about a person as this app renders them, without what the apps above add."""
    monkeypatch.setattr(panels, "_panels", [])


def reauthenticate(client: Client, password: str = PASSWORD) -> None:
    """Re-authenticate, as sensitive pages require."""
    response = client.post("/accounts/reauthenticate/?next=/account/", {"password": password})
    assert response.status_code == 302, response.content.decode()


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The provider's address."""
    yield from serve()


@pytest.fixture(scope="module")
def second_provider() -> Iterator[str]:
    """Another one, where the same subjects are other people."""
    yield from serve()


@pytest.fixture
def configured(provider: str, settings: Any) -> dict[str, Any]:
    """Almia, configured for that provider."""
    app: dict[str, Any] = {
        "provider_id": "alcyon",
        "name": "Alcyon",
        "client_id": "almia",
        "secret": "a-secret",
        "settings": {
            "server_url": provider,
            "oauth_pkce_enabled": True,
            "verified_email": [],
            "claims": {"entity": "company", "department": "unit", "job": "title"},
        },
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {**django_settings.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": [app]}
    }
    return app
