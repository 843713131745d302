from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories.access import RequirementFactory, entitled_user
from tests.factories.accounts import DepartmentFactory, EntityFactory, JobRoleFactory, SiteFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_me_is_the_caller_and_says_no_more_than_it_should(client: Client, django_assert_num_queries: Any) -> None:
    user = UserFactory(
        entity=EntityFactory(name="Alcyon Santé"),
        department=DepartmentFactory(name_en="Claims"),
        site=SiteFactory(name="Nantes"),
        job_role=JobRoleFactory(name_en="Handler"),
        language="en",
    )
    client.force_login(user)
    with django_assert_num_queries(4):  # session, person, the person with their places, their groups
        body = client.get("/api/v1/me/").json()
    assert (body["entity"], body["department"], body["site"], body["job_role"]) == (
        "Alcyon Santé",
        "Claims",
        "Nantes",
        "Handler",
    )
    assert not {"password", "is_superuser", "is_staff", "user_permissions", "groups"} & set(body)


def test_a_person_without_a_place_has_nulls(client: Client) -> None:
    client.force_login(UserFactory())
    body = client.get("/api/v1/me/").json()
    assert [body[name] for name in ("entity", "department", "site", "job_role")] == [None] * 4


def test_capabilities_say_why(client: Client) -> None:
    requirement = RequirementFactory(capability="chat.use")
    RequirementFactory(capability="chat.use", training=None, charter=True)
    client.force_login(UserFactory(language="en"))
    body = client.get("/api/v1/capabilities/chat.use/").json()
    assert (body["granted"], [item["state"] for item in body["requirements"]]) == (False, ["missing", "missing"])
    assert requirement.training.title_en in body["reason"]
    client.force_login(entitled_user("chat.use"))
    body = client.get("/api/v1/capabilities/chat.use/").json()
    assert (body["granted"], body["reason"]) == (True, "")


@pytest.mark.parametrize("rows", [1, 3])
def test_capabilities_cost_the_same_with_one_and_three_requirements(
    client: Client, django_assert_num_queries: Any, rows: int
) -> None:
    for _ in range(rows):
        RequirementFactory(capability="chat.use")
    client.force_login(UserFactory())
    with django_assert_num_queries(4):  # session, person, requirements with proofs, where courses are
        assert client.get("/api/v1/capabilities/").status_code == 200
