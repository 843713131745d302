"""The shipped content, published from its page; and what became of a lesson that was named after the demo's insurer."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.access.models import Charter, Requirement
from apps.accounts.models import User
from apps.core.audit import pseudonym
from apps.core.models import AuditEntry
from apps.learning.models import Course
from tests.factories.accounts import UserFactory
from tests.factories.learning import course_content, publish

from .course_files import change, write_content

pytestmark = pytest.mark.django_db
PAGE = reverse("learning:staff_courses")
PUBLISH = reverse("learning:publish_shipped")
BUTTON = f'action="{PUBLISH}"'


@pytest.fixture
def content(tmp_path: Path, settings: Any) -> Path:
    """A small content folder instead of the shipped one."""
    shutil.copy(settings.CONTENT_DIR / "jobs.yaml", tmp_path)
    settings.CONTENT_DIR = write_content(tmp_path)
    return tmp_path


def sign_in(client: Client, *permissions: str) -> User:
    user: User = UserFactory(language="en", permissions=["learning.manage_courses", *permissions])
    client.force_login(user)
    return user


def test_an_administrator_publishes_all_that_ships(client: Client, content: Path) -> None:
    administrator = sign_in(client, "access.manage_access")
    assert BUTTON in client.get(PAGE).content.decode()
    page = client.post(PUBLISH, follow=True).content.decode()
    assert "Published: the courses, the charter" in page
    assert BUTTON not in page
    assert (Course.objects.get().code, Charter.objects.count(), Requirement.objects.count()) == ("tea", 1, 2)
    written = AuditEntry.objects.filter(action__in=["learning.publish_course", "access.publish_charter"])
    assert [entry.actor for entry in written] == [pseudonym(administrator)] * 2


def test_a_fault_in_the_files_is_told_and_nothing_is_published(client: Client, content: Path) -> None:
    sign_in(client, "access.manage_access")
    change(content / "courses/tea/questions.yaml", "kind: single", "kind: guess")
    page = client.post(PUBLISH, follow=True).content.decode()
    assert "nothing was changed: " in page
    assert "questions.yaml:5: “guess” is not one of" in page
    assert (Course.objects.count(), Charter.objects.count()) == (0, 0)


def test_what_opens_ai_is_not_for_trainers(client: Client, content: Path) -> None:
    sign_in(client)
    page = client.get(PAGE).content.decode()
    assert "An administrator publishes those that ship with Almia." in page
    assert BUTTON not in page
    assert client.post(PUBLISH).status_code == 403
    assert not Course.objects.exists()


def test_the_charter_says_where_it_is_published(client: Client) -> None:
    sign_in(client, "access.manage_access")
    assert f'href="{PAGE}"' in client.get(reverse("access:charters")).content.decode().partition("<main")[2]


def test_the_lesson_that_named_an_insurer_keeps_what_was_done() -> None:
    course = publish(course_content("understanding-ai"))
    lesson, question = course.lessons.order_by("order")[0], course.questions.order_by("code")[0]
    course.lessons.filter(pk=lesson.pk).update(code="bias-at-alcyon")
    course.questions.filter(pk=question.pk).update(code="check-bias-at-alcyon")
    migration = import_module("apps.learning.migrations.0006_no_insurer_in_addresses")
    migration.rename(apps, SimpleNamespace(connection=connection))
    assert course.lessons.get(code="those-left-out") == lesson
    assert course.questions.get(code="check-those-left-out") == question
