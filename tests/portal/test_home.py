from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.models import Award, Charter, Training
from apps.access.services import publish_charter
from apps.accounts.models import User
from apps.learning.models import Course, Enrolment, LessonProgress
from apps.portal.enums import HomeState
from apps.portal.queries import home_for
from tests.factories.access import (
    AwardFactory,
    CharterFactory,
    RequirementFactory,
    SignatureFactory,
    WaiverFactory,
    entitled_user,
)
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

Teach = Callable[..., Course]


@pytest.fixture
def trainings(teach: Teach) -> list[Training]:
    """Three trainings, each with a course of three lessons, and the charter."""
    CharterFactory()
    found: list[Training] = [RequirementFactory(capability="chat.use").training for _ in range(3)]
    for training in found:
        teach(training)
    RequirementFactory(capability="chat.use", training=None, charter=True)
    return found


def read(user: User, course: Course, lessons: int) -> None:
    """Have `user` finish the first lessons of a course."""
    enrolment = Enrolment.objects.create(user=user, course=course)
    for lesson in course.lessons.order_by("order")[:lessons]:
        LessonProgress.objects.create(enrolment=enrolment, lesson=lesson, done_at=timezone.now())


def test_a_newcomer_sees_the_path_and_where_to_begin(trainings: list[Training]) -> None:
    home = home_for(UserFactory())
    assert home.state is HomeState.NEW
    assert home.headline == "Three courses to go before your first conversation"
    assert home.lead == "Three courses and a charter open the chat. Allow about 30 minutes."
    assert [step.state for step in home.steps] == ["current", "todo", "todo", "todo", "todo"]
    assert home.action is not None
    assert home.action.label == f"Start “{trainings[0].title}”"


def test_on_the_way_the_button_resumes_exactly(trainings: list[Training]) -> None:
    user = UserFactory()
    AwardFactory(user=user, training=trainings[0])
    course = Course.objects.get(training=trainings[1])
    read(user, course, 2)
    home = home_for(user)
    assert home.headline == "One and a half courses to go before your first conversation"
    assert "You pick up where you stopped" in home.lead
    assert [step.state for step in home.steps] == ["done", "current", "todo", "todo", "todo"]
    assert (home.steps[1].value, home.steps[1].max) == (2, 4)
    assert home.action is not None
    assert home.action.label == "Resume “Lesson 3”"
    assert home.action.url.endswith("/lessons/lesson-3/")


def test_what_was_begun_goes_on_first_even_out_of_order(trainings: list[Training]) -> None:
    user = UserFactory()
    read(user, Course.objects.get(training=trainings[2]), 1)
    assert [step.state for step in home_for(user).steps] == ["todo", "todo", "current", "todo", "todo"]


def test_with_all_lessons_read_the_quiz_is_next(trainings: list[Training]) -> None:
    user = UserFactory()
    read(user, Course.objects.get(training=trainings[0]), 3)
    home = home_for(user)
    assert home.steps[0].meta == "Only the quiz is left"
    assert home.action is not None
    assert home.action.label == f"Take the quiz of “{trainings[0].title}”"


def test_at_the_end_only_the_charter_is_left(trainings: list[Training]) -> None:
    user = UserFactory()
    for training in trainings:
        AwardFactory(user=user, training=training)
    home = home_for(user)
    assert home.headline == "Only the charter left before your first conversation"
    assert home.action is not None
    assert (home.action.label, home.action.url) == ("Read and sign the charter", "/access/charter/")


def test_a_waiver_counts_and_says_until_when(trainings: list[Training]) -> None:
    user = UserFactory()
    WaiverFactory(user=user, training=trainings[0])
    home = home_for(user)
    assert home.steps[0].state == "done"
    assert home.steps[0].meta.startswith("Waived until")
    assert home.headline.startswith("Two courses")


def test_a_training_that_no_course_offers_has_no_button() -> None:
    RequirementFactory(capability="chat.use")
    home = home_for(UserFactory())
    assert home.action is None
    assert home.headline.startswith("One course")


def test_a_proof_that_expired_asks_to_renew(trainings: list[Training]) -> None:
    user = entitled_user("chat.use")
    award = Award.objects.get(user=user, training=trainings[1])
    award.awarded_at = timezone.now() - timedelta(days=800)
    award.expires_at = timezone.now() - timedelta(days=1)
    award.save()
    home = home_for(user)
    assert home.state is HomeState.AGAIN
    assert home.headline == "One course to take before you can chat again"
    assert [step.state for step in home.steps] == ["done", "current", "done", "done", "todo"]
    assert home.steps[1].meta.startswith("Expired on")
    assert home.action is not None
    assert home.action.label.startswith("Take “")


def test_a_new_charter_asks_only_for_the_charter(trainings: list[Training]) -> None:
    user = entitled_user("chat.use")
    version = Charter.objects.latest("version").version + 1
    texts = {"fr": "Nouveau", "en": "New"}
    publish_charter(version=version, titles=texts, bodies=texts, effective_on=timezone.localdate())
    home = home_for(user)
    assert home.headline == "The charter has changed: sign it to chat again"


def test_an_expired_proof_on_the_way_to_the_first_conversation_is_still_the_way(trainings: list[Training]) -> None:
    user = UserFactory()
    AwardFactory(
        user=user,
        training=trainings[0],
        awarded_at=timezone.now() - timedelta(days=800),
        expires_at=timezone.now() - timedelta(days=1),
    )
    assert home_for(user).state is HomeState.NEW


def test_who_has_the_right_is_warned_a_month_before_it_ends(trainings: list[Training]) -> None:
    user = entitled_user("chat.use")
    assert (home_for(user).state, home_for(user).warnings) == (HomeState.OPEN, ())
    award = Award.objects.get(user=user, training=trainings[2])
    award.expires_at = timezone.now() + timedelta(days=29)
    award.save()
    home = home_for(user)
    assert [proof.soon for proof in home.proofs] == [False, False, True, False]
    assert trainings[2].title in home.warnings[0].title


def test_without_requirements_the_page_says_so(client: Client) -> None:
    user = UserFactory(language="en")
    assert home_for(user).state is HomeState.UNSET
    client.force_login(user)
    assert "Chat is not open yet" in client.get("/").content.decode()


def test_the_page_asks_for_itself_again_when_rights_change(client: Client, trainings: list[Training]) -> None:
    user = UserFactory()
    client.force_login(user)
    page = client.get("/").content.decode()
    assert page.count('id="home"') == 1
    assert 'name="text"' not in page
    for training in trainings:
        AwardFactory(user=user, training=training)
    SignatureFactory(user=user, charter=Charter.objects.get())
    fragment = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<div id="home"')
    assert 'action="/chat/start/"' in fragment
    assert "data-announce" in fragment


def test_what_somebody_types_while_the_chat_closes_is_kept(client: Client, trainings: list[Training]) -> None:
    user = entitled_user("chat.use")
    client.force_login(user)
    assert 'id="home-text"' in client.get("/").content.decode()
    Award.objects.filter(user=user).update(revoked_at=timezone.now(), revoke_reason="test")
    fragment = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert fragment.count('id="home-text"') == fragment.count('hx-preserve="true"') == 1
    assert 'action="/chat/start/"' not in fragment
    assert 'id="home-text"' not in client.get("/").content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_home_costs_the_same_with_one_and_three_courses(
    client: Client, teach: Teach, django_assert_num_queries: Any, rows: int
) -> None:
    CharterFactory()
    RequirementFactory(capability="chat.use", training=None, charter=True)
    for _ in range(rows):
        teach(RequirementFactory(capability="chat.use").training, lessons=rows)
    client.force_login(UserFactory())
    client.get("/")  # where trainings are taken is cached
    # session, person, rights, permissions, courses, rights in the navigation
    with django_assert_num_queries(19):
        assert client.get("/").status_code == 200


def test_home_asks_for_sign_in(client: Client) -> None:
    assert client.get("/").status_code == 302
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401


def test_staff_see_the_way_to_the_staff_area(client: Client) -> None:
    client.force_login(UserFactory())
    assert "/staff/" not in client.get("/").content.decode()
    client.force_login(UserFactory(permissions=["core.read_audit"]))
    assert 'href="/staff/"' in client.get("/").content.decode()
