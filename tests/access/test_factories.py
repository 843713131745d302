from __future__ import annotations

import pytest

from apps.access.queries import explain, has_capability
from tests.factories.access import RequirementFactory, entitled_user
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def test_entitled_user_has_the_capability_whatever_it_requires() -> None:
    assert has_capability(entitled_user("test.use"), "test.use")
    RequirementFactory(capability="test.use", min_major=3)
    RequirementFactory(capability="test.use", training=None, charter=True)
    assert not has_capability(UserFactory(), "test.use")
    assert explain(entitled_user("test.use"), "test.use").granted


def test_user_factory_gives_password_and_permissions() -> None:
    user = UserFactory(permissions=["accounts.see_people"])
    assert user.check_password(PASSWORD)
    assert user.has_perm("accounts.see_people")
