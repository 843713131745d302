from __future__ import annotations

import pytest
from django.test import Client

from apps.access import capabilities
from apps.accounts.models import User
from tests.factories.accounts import UserFactory

CODE = "test.use"


@pytest.fixture(autouse=True)
def capability(monkeypatch: pytest.MonkeyPatch) -> str:
    """A capability that belongs to the tests, removed afterwards."""
    monkeypatch.setattr(capabilities, "_capabilities", dict(capabilities._capabilities))
    monkeypatch.setattr(capabilities, "_training_links", [lambda code: f"/learn/{code}/"])
    monkeypatch.setattr(capabilities, "_certificate_finders", [])
    return capabilities.declare(CODE, "Testing")


@pytest.fixture
def manager(db: None) -> User:
    """Somebody who may manage access."""
    user: User = UserFactory(permissions=["access.manage_access", "accounts.see_people"])
    return user


@pytest.fixture
def staff(manager: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(manager)
    return client


@pytest.fixture
def person(db: None) -> User:
    user: User = UserFactory()
    return user


@pytest.fixture
def browser(person: User) -> Client:
    """The browser of `person`."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client
