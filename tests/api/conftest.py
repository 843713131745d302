from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import create_token


@pytest.fixture
def token_client() -> Callable[..., Client]:
    """Return a client that calls with a personal token of `user` limited to `scopes`."""

    def make(user: User, *scopes: str) -> Client:
        expires_at = timezone.now() + timedelta(days=1)
        _token, raw = create_token(user=user, name="test", scopes=scopes, expires_at=expires_at)
        return Client(headers={"authorization": f"Bearer {raw}"})

    return make
