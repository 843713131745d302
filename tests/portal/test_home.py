from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.models import Requirement
from apps.portal.enums import HomeState
from apps.portal.queries import home_for
from tests.factories.access import AwardFactory, RequirementFactory, entitled_user
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def requirements() -> list[Requirement]:
    """Three trainings and the charter."""
    found = [RequirementFactory(capability="chat.use") for _ in range(3)]
    return [*found, RequirementFactory(capability="chat.use", training=None, charter=True)]


def test_a_newcomer_sees_the_path_and_what_is_next(requirements: list[Requirement]) -> None:
    home = home_for(UserFactory(language="en"))
    assert home.state is HomeState.NEW
    assert [step.state for step in home.steps] == ["current", "todo", "todo", "todo", "todo"]


def test_a_proof_that_expired_after_the_right_was_there_asks_to_renew(requirements: list[Requirement]) -> None:
    user = entitled_user("chat.use")
    award = user.awards.get(training=requirements[1].training)
    award.awarded_at = timezone.now() - timedelta(days=800)
    award.expires_at = timezone.now() - timedelta(days=1)
    award.save()
    home = home_for(user)
    assert home.state is HomeState.AGAIN
    assert [step.state for step in home.steps] == ["done", "current", "done", "done", "todo"]


def test_an_expired_proof_on_the_way_to_the_first_conversation_is_still_the_way(requirements: list[Requirement]) -> None:
    user = UserFactory()
    AwardFactory(
        user=user,
        training=requirements[0].training,
        awarded_at=timezone.now() - timedelta(days=800),
        expires_at=timezone.now() - timedelta(days=1),
    )
    assert home_for(user).state is HomeState.NEW


def test_who_has_the_right_is_warned_a_month_before_it_ends(requirements: list[Requirement]) -> None:
    user = entitled_user("chat.use")
    assert (home_for(user).state, home_for(user).warnings) == (HomeState.OPEN, ())
    award = user.awards.get(training=requirements[2].training)
    award.expires_at = timezone.now() + timedelta(days=29)
    award.save()
    assert len(home_for(user).warnings) == 1


def test_without_requirements_the_page_says_so() -> None:
    assert home_for(UserFactory()).state is HomeState.UNSET


def test_the_page_and_its_fragment(client: Client, requirements: list[Requirement]) -> None:
    client.force_login(UserFactory())
    page = client.get("/").content.decode()
    assert page.count('id="home"') == 1
    fragment = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<div id="home"')


def test_home_asks_for_sign_in(client: Client) -> None:
    assert client.get("/").status_code == 302
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401
