"""What staff who manage courses should look at: reviews that are due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from apps.learning.attention import reviews_due
from apps.learning.content import Text
from apps.learning.models import Course, CourseVersion
from tests.factories.accounts import UserFactory
from tests.factories.learning import course_content, publish

pytestmark = pytest.mark.django_db


def reviewed(days: int, code: str = "course") -> Course:
    """Return a course that must be reviewed again in so many days."""
    today = timezone.localdate()
    return publish(
        course_content(
            code,
            training=code,
            reviewed_on=today - timedelta(days=100),
            reviewed_by=Text("le juridique", "legal"),
            review_due=today + timedelta(days=days),
        )
    )


@pytest.mark.parametrize(
    ("days", "level", "title"),
    [(30, "warm", "“Course course (en)” is due for review"), (-1, "bad", "The review of “Course course (en)” is overdue")],
)
def test_a_review_that_is_due_is_told(days: int, level: str, title: str) -> None:
    reviewed(days)
    with translation.override("en"):
        (found,) = reviews_due()
    assert (found.level, found.title) == (level, title)
    assert found.url == "/staff/courses/course/"


def test_others_are_not() -> None:
    reviewed(31)
    publish(course_content("unreviewed", training="unreviewed"))
    assert reviews_due() == []


def test_the_most_pressing_comes_first_at_one_query(django_assert_num_queries: Any) -> None:
    reviewed(20, "later")
    reviewed(-5, "late")
    with django_assert_num_queries(1):
        assert [found.level for found in reviews_due()] == ["bad", "warm"]


def test_a_review_alone_is_a_new_revision_of_the_same_version() -> None:
    course = publish(course_content())
    today = timezone.localdate()
    content = course_content(reviewed_on=today, reviewed_by=Text("a", "b"), review_due=today + timedelta(days=1))
    publish(content)
    assert [(version.number, version.revision) for version in CourseVersion.objects.filter(course=course).order_by("pk")] == [
        ("1.0", 1),
        ("1.0", 2),
    ]


def test_staff_read_on_the_page_of_a_course_who_reviewed_it(client: Client) -> None:
    reviewed(60)
    client.force_login(UserFactory(language="en", permissions=["learning.manage_courses"]))
    page = client.get("/staff/courses/course/").content.decode()
    assert "by legal" in page
