from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.accounts.roles import rights_of, sync_roles
from apps.accounts.search import find_people
from tests.factories.accounts import EntityFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def someone() -> User:
    person: User = UserFactory(
        first_name="Ondine", last_name="Vasseur", email="o.vasseur@alcyon.example", entity=EntityFactory(name="Alcyon Santé")
    )
    return person


@pytest.mark.parametrize("text", ["ondine", "VÂSS ond", "vass", "Vasseur Ondine", "o.vasseur@alcyon", "O.VASSEUR@ALCYON.EXAMPLE"])
def test_people_are_found_by_name_part_of_it_and_address_whatever_the_accents(someone: User, text: str) -> None:
    hits = find_people(UserFactory(permissions=["accounts.see_people"]), text, 5)
    assert [(hit.label, hit.meta, hit.url) for hit in hits] == [
        ("Ondine Vasseur", "Alcyon Santé", f"/staff/people/{someone.pk}/")
    ]


@pytest.mark.parametrize("text", ["o", "vasseur yann", "%"])
def test_one_letter_is_no_search_and_every_word_counts(someone: User, text: str) -> None:
    assert find_people(UserFactory(permissions=["accounts.see_people"]), text, 5) == []


@pytest.mark.parametrize("role", [None, *Role])
def test_a_role_finds_people_when_it_may_see_them(client: Client, someone: User, role: Role | None) -> None:
    sync_roles()
    user = UserFactory(language="en")
    if role is not None:
        user.groups.add(Group.objects.get(name=role.value))
    client.force_login(user)
    page = client.get("/palette/", {"q": "vâsseur"}).content.decode()
    may = role is not None and "accounts.see_people" in rights_of(role)
    assert (f'href="/staff/people/{someone.pk}/"' in page) == may
    assert ("Ondine" in page) == may


@pytest.mark.parametrize("rows", [1, 3])
def test_people_cost_the_same_with_one_and_three(django_assert_num_queries: Any, rows: int) -> None:
    staff = User.objects.get(pk=UserFactory(permissions=["accounts.see_people"]).pk)
    for _ in range(rows):
        UserFactory(first_name="Ondine", entity=EntityFactory())
    with django_assert_num_queries(2):  # permissions, people
        assert len(find_people(staff, "ondine", 5)) == rows
