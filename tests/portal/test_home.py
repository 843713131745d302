from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.access.models import Award, Charter
from apps.access.services import publish_charter, revoke_award
from apps.accounts.models import User
from apps.accounts.organisation import Organisation, forget
from apps.learning import services as learning
from apps.learning.models import Course, Lesson
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
from tests.factories.accounts import JobRoleFactory, UserFactory
from tests.factories.chat import make_conversation
from tests.factories.learning import finish_lessons, pass_course, publish, take_quiz
from tests.pages import markup

pytestmark = pytest.mark.django_db


def open_the_way(count: int) -> list[Course]:
    """Let the chat require `count` courses of four lessons and ten minutes, and the charter."""
    CharterFactory()
    courses = [publish(code=f"course-{number}", order=number) for number in range(1, count + 1)]
    for course in courses:
        RequirementFactory(capability="chat.use", training=course.training)
    RequirementFactory(capability="chat.use", training=None, charter=True)
    return courses


@pytest.fixture
def courses() -> list[Course]:
    return open_the_way(3)


def test_a_newcomer_sees_the_path_and_where_to_begin(courses: list[Course]) -> None:
    home = home_for(UserFactory())
    assert home.state is HomeState.NEW
    assert home.headline == "Three courses to go before your first conversation"
    assert home.lead == "Three courses and a charter open the chat. Allow about 35 minutes."
    assert [step.state for step in home.steps] == ["current", "todo", "todo", "todo", "todo"]
    assert home.action is not None
    assert (home.action.label, home.action.url) == ("Start “Course course-1 (en)”", "/learn/courses/course-1/")


def test_on_the_way_the_button_resumes_exactly(courses: list[Course]) -> None:
    user = UserFactory()
    pass_course(user, courses[0])
    first, second, *_rest = Lesson.objects.live().filter(course=courses[1]).select_related("course", "check_question")
    learning.enrol(user=user, course=courses[1])
    learning.answer_check(user=user, lesson=first, answer=["a"])
    for lesson in (first, second):
        learning.finish_lesson(user=user, lesson=lesson)
    home = home_for(user)
    assert home.headline == "One and a half courses to go before your first conversation"
    assert home.lead.endswith("You pick up where you stopped: allow about 20 minutes.")
    assert [step.state for step in home.steps] == ["done", "current", "todo", "todo", "todo"]
    assert home.steps[1].meta == "Module 2 of 2 · 7 min left"
    assert (home.steps[1].value, home.steps[1].max) == (2, 5)
    assert home.action is not None
    assert (home.action.label, home.action.url) == (
        "Resume “Lesson three (en)”",
        "/learn/courses/course-2/lessons/three/",
    )


def test_what_was_begun_goes_on_first_even_out_of_order(courses: list[Course]) -> None:
    user = UserFactory()
    learning.enrol(user=user, course=courses[2])
    assert [step.state for step in home_for(user).steps] == ["todo", "todo", "current", "todo", "todo"]


def test_with_all_lessons_read_the_quiz_is_next(courses: list[Course]) -> None:
    user = UserFactory()
    finish_lessons(user, courses[0])
    home = home_for(user)
    assert home.steps[0].meta == "Only the quiz is left"
    assert home.action is not None
    assert home.action.label == "Take the quiz of “Course course-1 (en)”"
    attempt = take_quiz(user, courses[0])
    action = home_for(user).action
    assert action is not None
    assert (action.label, action.url) == ("Go on with the quiz of “Course course-1 (en)”", f"/learn/attempts/{attempt.pk}/")


def test_at_the_end_only_the_charter_is_left(courses: list[Course]) -> None:
    user = UserFactory()
    for course in courses:
        pass_course(user, course)
    home = home_for(user)
    assert home.headline == "Only the charter left before your first conversation"
    assert home.action is not None
    assert (home.action.label, home.action.url) == ("Read and sign the charter", "/access/charter/")


def test_a_waiver_counts_and_says_until_when(courses: list[Course]) -> None:
    user = UserFactory()
    WaiverFactory(user=user, training=courses[0].training)
    home = home_for(user)
    assert home.steps[0].state == "done"
    assert home.steps[0].meta.startswith("Waived until")
    assert home.headline.startswith("Two courses")


def test_a_training_that_no_course_offers_has_no_button() -> None:
    RequirementFactory(capability="chat.use")
    home = home_for(UserFactory())
    assert home.action is None
    assert home.headline.startswith("One course")


def test_a_proof_that_expired_asks_to_renew(courses: list[Course]) -> None:
    user = entitled_user("chat.use")
    award = Award.objects.get(user=user, training=courses[1].training)
    award.awarded_at = timezone.now() - timedelta(days=800)
    award.expires_at = timezone.now() - timedelta(days=1)
    award.save()
    home = home_for(user)
    assert home.state is HomeState.AGAIN
    assert home.headline == "One course to take before you can chat again"
    assert [step.state for step in home.steps] == ["done", "current", "done", "done", "todo"]
    assert home.steps[1].meta.startswith("Expired on")
    assert home.action is not None
    assert home.action.label == "Take “Course course-2 (en)” again"


def test_a_new_charter_asks_only_for_the_charter(courses: list[Course]) -> None:
    user = entitled_user("chat.use")
    version = Charter.objects.latest("version").version + 1
    texts = {"fr": "Nouveau", "en": "New"}
    publish_charter(version=version, titles=texts, bodies=texts, effective_on=timezone.localdate())
    assert home_for(user).headline == "The charter has changed: sign it to chat again"


def test_an_expired_proof_on_the_way_to_the_first_conversation_is_still_the_way(courses: list[Course]) -> None:
    user = UserFactory()
    AwardFactory(
        user=user,
        training=courses[0].training,
        awarded_at=timezone.now() - timedelta(days=800),
        expires_at=timezone.now() - timedelta(days=1),
    )
    assert home_for(user).state is HomeState.NEW


def test_who_has_the_right_is_warned_a_month_before_it_ends(courses: list[Course]) -> None:
    user = entitled_user("chat.use")
    assert (home_for(user).state, home_for(user).warnings) == (HomeState.OPEN, ())
    award = Award.objects.get(user=user, training=courses[2].training)
    award.expires_at = timezone.now() + timedelta(days=29)
    award.save()
    home = home_for(user)
    assert [proof.soon for proof in home.proofs] == [False, False, True, False]
    assert courses[2].training.title in home.warnings[0].title


def test_without_requirements_the_page_says_so(client: Client) -> None:
    user = UserFactory(language="en")
    assert home_for(user).state is HomeState.UNSET
    client.force_login(user)
    assert "Chat is not open yet" in client.get("/").content.decode()


def test_the_page_asks_for_itself_again_when_rights_change(client: Client, courses: list[Course]) -> None:
    user = UserFactory()
    client.force_login(user)
    page = client.get("/").content.decode()
    assert page.count('id="home"') == 1
    assert 'name="text"' not in page
    for course in courses:
        AwardFactory(user=user, training=course.training)
    SignatureFactory(user=user, charter=Charter.objects.get())
    fragment = markup(client.get("/", headers={"HX-Request": "true"}))
    assert fragment.startswith('<div id="home"')
    assert 'action="/chat/start/"' in fragment
    assert "data-announce" in fragment


def test_what_somebody_types_while_the_chat_closes_is_kept(client: Client, courses: list[Course]) -> None:
    user = entitled_user("chat.use")
    client.force_login(user)
    assert 'id="home-text"' in client.get("/").content.decode()
    Award.objects.filter(user=user).update(revoked_at=timezone.now(), revoke_reason="test")
    fragment = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert fragment.count('id="home-text"') == fragment.count("data-keep") == fragment.count("readonly") == 1
    assert 'action="/chat/start/"' not in fragment
    assert 'id="home-text"' not in client.get("/").content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_home_costs_the_same_with_one_and_three_courses(client: Client, django_assert_num_queries: Any, rows: int) -> None:
    courses = open_the_way(rows)
    user = UserFactory()
    for course in courses:
        learning.enrol(user=user, course=course)
    client.force_login(user)
    client.get("/")  # where trainings are taken is cached
    # session, person, rights 5 (the navigation asks for the same ones), permissions 2, courses 7
    with django_assert_num_queries(8):
        page = client.get("/").content.decode()
    assert "Chat with the AI opens once this is done" in page, "The navigation is there, and says why."


@pytest.mark.parametrize("conversations", [1, 3])
def test_an_open_home_costs_the_same_with_one_and_three_conversations(
    client: Client, django_assert_num_queries: Any, conversations: int
) -> None:
    open_the_way(3)
    user = entitled_user("chat.use")
    for _number in range(conversations):
        make_conversation(user, ("un", "1"))
    client.force_login(user)
    client.get("/")
    # session, person, rights 5, permissions 2, recent conversations and their owner's key
    with django_assert_num_queries(6):
        assert client.get("/").status_code == 200


def test_rights_are_read_anew_for_each_request(client: Client) -> None:
    user = entitled_user("chat.use")
    client.force_login(user)
    assert 'id="home-text"' in client.get("/").content.decode()
    revoke_award(award=Award.objects.get(user=user), actor=UserFactory(), reason="Given by mistake")
    assert 'id="home-text"' not in client.get("/").content.decode()


def test_home_asks_for_sign_in(client: Client) -> None:
    assert client.get("/").status_code == 302
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401


def test_staff_see_the_way_to_the_staff_area(client: Client) -> None:
    client.force_login(UserFactory())
    assert "/staff/" not in client.get("/").content.decode()
    client.force_login(UserFactory(permissions=["core.read_audit"]))
    assert 'href="/staff/"' in client.get("/").content.decode()


def test_a_newcomer_is_greeted_with_what_ai_does_in_their_job(courses: list[Course], client: Client) -> None:
    role = JobRoleFactory(name_fr="Actuaire", name_en="Actuary")
    user = UserFactory(job_role=role, language="en")
    forget(in_favour_of=Organisation(ai_desk_en="the AI desk", ai_desk_email="desk@alcyon.example"))
    home = home_for(user)
    assert (home.greeting, home.how_far) == ("Hello Camille", "4 steps, at your own pace")
    assert home.contact is not None
    assert (home.contact.name, home.contact.email) == ("The AI desk", "desk@alcyon.example")
    client.force_login(user)
    page = markup(client.get("/"))
    assert "What AI will do in your job" in page
    assert "Document a model" in page
    assert page.count('class="example__turns"') == 3
    assert 'href="mailto:desk@alcyon.example"' in page


def test_how_far_somebody_is_counts_steps_and_minutes(courses: list[Course]) -> None:
    user = UserFactory()
    pass_course(user, courses[0])
    assert home_for(user).how_far == "1 of 4 steps done · about 25 minutes left of 35 minutes"


def test_nobody_is_named_where_nobody_is_known(courses: list[Course], client: Client) -> None:
    user = UserFactory()
    assert home_for(user).contact is None
    client.force_login(user)
    assert "contact-title" not in client.get("/").content.decode()


def test_examples_go_when_ai_is_open(client: Client) -> None:
    client.force_login(entitled_user("chat.use"))
    assert 'class="card example"' not in client.get("/").content.decode()


def test_examples_cost_one_query(courses: list[Course], django_assert_num_queries: Any) -> None:
    user = UserFactory()
    home_for(User.objects.get(pk=user.pk))  # the process knows the organisation from here on
    with CaptureQueriesContext(connection) as without:
        home_for(User.objects.get(pk=user.pk))
    User.objects.filter(pk=user.pk).update(job_role=JobRoleFactory())
    with django_assert_num_queries(len(without) + 1):
        home_for(User.objects.get(pk=user.pk))
