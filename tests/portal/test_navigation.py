from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import resolve

from apps.accounts.models import User
from apps.core import navigation as registry
from apps.core.navigation import Group, Place
from apps.portal.context import portal
from apps.portal.navigation import Position, navigation_for
from tests.factories.access import RequirementFactory, entitled_user
from tests.factories.accounts import UserFactory
from tests.pages import markup

pytestmark = pytest.mark.django_db


@pytest.fixture
def places() -> Iterator[list[Place]]:
    """The registry, put back afterwards."""
    kept = list(registry._places)
    yield registry._places
    registry._places[:] = kept


def at(path: str) -> Position:
    return Position(path, resolve(path))


def labels(user: User, path: str = "/") -> list[str]:
    return [entry.label for entry in navigation_for(user, at(path)).entries]


def test_a_locked_place_is_shown_with_its_reason_and_opens_with_the_right(places: list[Place]) -> None:
    places.append(Place("Talk", "messages", "portal:robots", capability="chat.use"))
    requirement = RequirementFactory(capability="chat.use")

    locked = next(entry for entry in navigation_for(UserFactory(), at("/")).entries if entry.label == "Talk")
    assert locked.locked
    assert requirement.training.title in locked.reason

    entitled = entitled_user("chat.use")
    opened = next(entry for entry in navigation_for(entitled, at("/")).entries if entry.label == "Talk")
    assert (opened.locked, opened.reason) == (False, "")


def test_places_that_do_not_exist_or_are_not_for_the_person_are_left_out(places: list[Place]) -> None:
    places.append(Place("Nowhere", "x", "portal:there-is-no-such-page"))
    places.append(Place("Secret", "x", "portal:robots", shown_to=lambda user: False))
    places.append(Place("Unguarded", "x", "portal:robots", area="staff"))
    shown = labels(UserFactory())
    assert not {"Nowhere", "Secret", "Unguarded", "Overview"} & set(shown)


def test_the_staff_area_is_shown_to_who_may_do_anything_in_it() -> None:
    around = navigation_for(UserFactory(permissions=["core.read_audit"]), at("/staff/audit/"))
    assert [(section.label, [(entry.url, entry.active) for entry in section.items]) for section in around.staff] == [
        ("", [("/staff/", False)]),
        ("Operation", [("/staff/audit/", True)]),
    ]


def test_only_one_place_is_active_the_nearest(places: list[Place]) -> None:
    user = UserFactory(permissions=["core.manage_tasks"])
    active = {
        path: [entry.url for entry in navigation_for(user, at(path)).entries if entry.active]
        for path in ("/", "/staff/", "/staff/tasks/")
    }
    assert active == {"/": ["/"], "/staff/": ["/staff/"], "/staff/tasks/": ["/staff/tasks/"]}


def test_what_is_done_to_a_person_belongs_to_the_people() -> None:
    user = UserFactory(permissions=["accounts.see_people", "access.manage_access"])
    for path in (f"/staff/people/{user.pk}/", f"/staff/people/{user.pk}/award/", f"/staff/people/{user.pk}/waive/"):
        entries = navigation_for(user, at(path)).entries
        assert [entry.url for entry in entries if entry.active] == ["/staff/people/"], path


def test_a_place_is_active_under_its_namespaces(places: list[Place]) -> None:
    places.append(Place("Elsewhere", "x", "portal:robots", active_under=("account_login",)))
    user = UserFactory()
    around = navigation_for(user, at("/accounts/login/"))
    assert [entry.label for entry in around.entries if entry.active] == ["Elsewhere"]


def test_rights_cost_the_same_with_one_locked_place_and_with_three(places: list[Place], django_assert_num_queries: Any) -> None:
    RequirementFactory(capability="chat.use")
    RequirementFactory(capability="chat.use", training=None, charter=True)
    places.append(Place("One", "x", "portal:robots", capability="chat.use"))
    user = UserFactory()
    with django_assert_num_queries(4):  # the person, permissions, rights, where courses are (then cached)
        navigation_for(User.objects.get(pk=user.pk), at("/"))
    places.append(Place("Two", "x", "portal:robots", capability="chat.use", order=7))
    places.append(Place("Three", "x", "portal:robots", capability="chat.use", order=8))
    with django_assert_num_queries(3):
        navigation_for(User.objects.get(pk=user.pk), at("/"))


def test_a_page_that_does_not_show_it_asks_nothing(rf: RequestFactory, django_assert_num_queries: Any) -> None:
    request = rf.get("/")
    request.user = UserFactory()
    with django_assert_num_queries(0):
        context = portal(request)
        Template("{{ theme }}").render(Context(context))


def test_the_anonymous_have_no_navigation(rf: RequestFactory) -> None:
    request = rf.get("/accounts/login/")
    request.user = AnonymousUser()
    assert portal(request) == {"navigation": (), "staff_navigation": (), "bar": None, "theme": "auto"}


def test_the_fragment_draws_the_navigation_of_the_page_that_asks(client: Client) -> None:
    client.force_login(UserFactory(permissions=["core.manage_tasks"]))
    response = client.get("/navigation/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/?from=mail"})
    html = response.content.decode()
    assert html.count('id="rail-nav"') == html.count('id="tabbar-list"') == html.count('id="sheet-nav"') == 1
    assert html.count('aria-current="page"') == 3
    assert html.count('href="/staff/tasks/"') == 1  # in the sheet
    assert client.get("/navigation/", headers={"HX-Current-URL": "http://testserver/no/such/page"}).status_code == 200


@pytest.mark.parametrize("address", ["http://[", "http://testserver/no/such/page/", "", "//", "http://testserver:x/"])
def test_the_navigation_is_drawn_wherever_a_page_says_it_is(client: Client, address: str) -> None:
    client.force_login(UserFactory())
    assert client.get("/navigation/", headers={"HX-Current-URL": address}).status_code == 200


def test_of_thirty_places_four_stand_in_the_bar_and_all_in_the_sheet(places: list[Place], client: Client) -> None:
    registry.declare_group("many", Group("Many things", order=500))
    try:
        places += [Place(f"Place {n}", "grid", "portal:robots", group="many" if n % 2 else "", order=n) for n in range(30)]
        places.append(Place("Important", "star", "portal:robots", order=990, bar=4))
        user = UserFactory()
        around = navigation_for(user, at("/accounts/login/"))
        assert [entry.label for entry in around.bar.items] == ["Home", "Learn", "Chat", "Important"]
        assert [section.label for section in around.sections] == ["", "Many things"]
        assert len(around.sections[1].items) == 15
        client.force_login(user)
        html = markup(client.get("/account/"))
        bar = html[html.index('id="tabbar-list"') : html.index('id="more-sheet"')]
        assert bar.count("<li") == 5
        sheet = html[html.index('id="sheet-nav"') : html.index('class="sheet__rest"')]
        assert sheet.count("<li") == len(around.entries)
        assert '<ul class="nav__list" aria-label="Many things">' in sheet
    finally:
        del registry._groups["many"]


def test_more_is_marked_on_a_page_of_none_of_the_four() -> None:
    user = UserFactory(permissions=["core.manage_tasks"])
    assert navigation_for(user, at("/staff/tasks/")).bar.elsewhere
    assert not navigation_for(user, at("/")).bar.elsewhere
    assert not navigation_for(user, at("/accounts/login/")).bar.elsewhere


def test_every_group_of_a_place_is_declared(places: list[Place]) -> None:
    assert {place.group for place in places} <= registry._groups.keys()
