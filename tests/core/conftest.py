from __future__ import annotations

import pytest

from apps.accounts.models import User
from tests.factories.accounts import UserFactory


@pytest.fixture
def person(db: None) -> User:
    user: User = UserFactory()
    return user
