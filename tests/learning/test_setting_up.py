from __future__ import annotations

import pytest

from apps.core.enums import Readiness
from apps.learning import setting_up
from tests.factories.learning import publish

pytestmark = pytest.mark.django_db


def test_published_courses_are_counted() -> None:
    assert setting_up.courses().state is Readiness.TODO
    publish()
    assert (setting_up.courses().state, setting_up.courses().sentence) == (Readiness.DONE, "1 course is published.")
