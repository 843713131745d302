from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.accounts.roles import sync_roles
from apps.core import setting_up
from apps.core.attention import attention_for
from apps.core.setting_up import Step
from tests.factories.access import CharterFactory, RequirementFactory
from tests.factories.accounts import EntityFactory, JobRoleFactory, UserFactory
from tests.factories.gateway import ProviderFactory
from tests.factories.learning import publish

pytestmark = pytest.mark.django_db
PAGE = "/staff/setting-up/"


@pytest.fixture
def administrator(client: Client) -> User:
    sync_roles()
    user = UserFactory(language="en")
    user.groups.set(user.groups.model.objects.filter(name=Role.ADMINISTRATOR))
    client.force_login(user)
    return user


def test_the_page_is_for_administrators(client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    client.force_login(UserFactory(permissions=["core.manage_tasks", "core.read_audit"]))
    assert client.get(PAGE).status_code == 403


def test_an_empty_portal_lists_every_step_and_the_way_there(client: Client, administrator: User) -> None:
    page = client.get(PAGE).content.decode()
    for code in (
        "organisation",
        "directory",
        "sign-in",
        "mail",
        "provider",
        "model",
        "charter",
        "courses",
        "requirements",
        "people",
    ):
        assert f'id="step-{code}"' in page
    for sentence in (
        "Nobody has named it yet",
        "Entities: 0, departments: 0, sites: 0, jobs: 0.",
        "ALMIA_OIDC_URL",
        "No e-mail has been sent yet.",
        "No provider is in use.",
        "No charter is in force.",
        "No course is published.",
        "Nobody has decided what opens AI",
        "Only administrators are here.",
    ):
        assert sentence in page
    assert "0 of 9" in page
    # The one primary button leads to the first step.
    assert page.count("button--primary") == 1
    assert 'href="/staff/organisation/"' in page


def test_the_overview_says_how_much_is_left(client: Client, administrator: User) -> None:
    (item,) = [item for item in attention_for(administrator) if item.url == PAGE]
    assert item.title == "9 steps of setting up are left"
    assert PAGE in client.get("/staff/").content.decode()


def test_a_step_that_cannot_be_read_leaves_the_page_standing(
    client: Client, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise RuntimeError("no")

    step = Step("broken", "Broken", "What for.", "core.set_up", broken, "portal:home", "Go there", 1)
    monkeypatch.setattr(setting_up, "_steps", {**setting_up._steps, "broken": step})
    page = client.get(PAGE).content.decode()
    assert "How far this is could not be read." in page
    assert "No charter is in force." in page


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_the_database_equally_often(
    client: Client, administrator: User, rows: int, django_assert_num_queries: Any
) -> None:
    CharterFactory()
    for number in range(rows):
        EntityFactory()
        JobRoleFactory()
        ProviderFactory()
        UserFactory()
        RequirementFactory(capability="chat.use", training=publish(code=f"course-{number}", order=number).training)
    client.get(PAGE)
    with django_assert_num_queries(19):
        assert client.get(PAGE).status_code == 200
