from __future__ import annotations

from typing import Any

import pytest

from apps.learning.search import find_courses
from tests.factories.accounts import UserFactory
from tests.factories.learning import publish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rows", [1, 3])
def test_courses_cost_the_same_with_one_and_three(django_assert_num_queries: Any, rows: int) -> None:
    for number in range(rows):
        publish(code=f"course-{number}")
    with django_assert_num_queries(2):
        assert len(find_courses(UserFactory.build(), "course", 20)) == rows
