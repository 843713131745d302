from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.accounts.queries import user_for_token
from apps.accounts.roles import sync_roles
from apps.accounts.services import create_token
from apps.core.models import AuditEntry
from tests.factories.accounts import PASSWORD, DepartmentFactory, EntityFactory, UserFactory
from tests.pages import markup

pytestmark = pytest.mark.django_db

LIST = "/staff/people/"


def browser(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def member(role: Role) -> User:
    sync_roles()
    user: User = UserFactory()
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def administrator() -> User:
    return member(Role.ADMINISTRATOR)


@pytest.fixture
def staff(administrator: User) -> Client:
    return browser(administrator)


# Doors -----------------------------------------------------------------------------------------------------------------
PAGES = ["", "new/", "import/", "imports/", "{id}/", "{id}/edit/"]
ACTS = ["{id}/roles/", "{id}/invitation/", "{id}/close/", "{id}/open/", "{id}/sessions/", "{id}/second-factor/"]
ACTS += ["imports/{id}/apply/", "imports/{id}/codes/", "imports/{id}/cancel/"]


@pytest.mark.parametrize("page", PAGES)
def test_without_the_right_nothing_is_seen_and_nothing_is_learnt(page: str) -> None:
    client = browser(UserFactory())
    answers = []
    for person_id in (UserFactory().pk, uuid.uuid4()):
        response = client.get(LIST + page.format(id=person_id))
        assert response.status_code == 403
        answers.append(re.sub(r'(content|value)="\w{64}"', "", response.content.decode()).replace(str(person_id), ""))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", [None, Role.TRAINER, Role.CHAMPION])
def test_without_the_right_nothing_is_done(act: str, role: Role | None) -> None:
    person = UserFactory()
    client = browser(member(role) if role else UserFactory())
    data = {"roles": ["administrator"], "close-reason": "x", "text": "email"}
    assert client.post(LIST + act.format(id=person.pk), data).status_code == 403
    assert client.post(LIST + act.format(id=uuid.uuid4()), data).status_code == 403
    person.refresh_from_db()
    assert person.is_active
    assert not person.groups.exists()


def test_a_trainer_looks_people_up_but_changes_nobody() -> None:
    client = browser(member(Role.TRAINER))
    person = UserFactory()
    assert client.get(LIST).status_code == 200
    page = client.get(f"{LIST}{person.pk}/").content.decode()
    assert person.email in page
    for words in ("Close this account", "Save the roles", "Send an invitation", "Edit"):
        assert words not in page
    assert client.get(f"{LIST}{person.pk}/edit/").status_code == 403


@pytest.mark.parametrize("act", ACTS)
def test_looking_does_nothing(staff: Client, act: str) -> None:
    assert staff.get(LIST + act.format(id=UserFactory().pk)).status_code == 405


@pytest.mark.parametrize("page", ["{id}/", "{id}/edit/"])
def test_somebody_who_does_not_exist(staff: Client, page: str) -> None:
    assert staff.get(LIST + page.format(id=uuid.uuid4())).status_code == 404


def test_forged_posts_are_refused(administrator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator)
    assert client.post(f"{LIST}{UserFactory().pk}/roles/", {"roles": ["administrator"]}).status_code == 403


# The list --------------------------------------------------------------------------------------------------------------
def test_the_list_asks_the_same_for_one_and_for_many(staff: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    def enter(count: int) -> None:
        for _turn in range(count):
            user = UserFactory(entity=EntityFactory(), department=DepartmentFactory())
            user.groups.add(Group.objects.get(name=Role.TRAINER))

    enter(1)
    staff.get(LIST)
    with django_assert_num_queries(9):
        staff.get(LIST)
    enter(3)
    with django_assert_num_queries(9):
        page = staff.get(LIST).content.decode()
    assert page.count("Trainer</span>") == 4


@pytest.mark.usefixtures("no_panels")
def test_a_persons_page_asks_the_same_whoever_it_is(staff: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    bare, full = UserFactory(), UserFactory(entity=EntityFactory(), department=DepartmentFactory())
    full.groups.add(Group.objects.get(name=Role.TRAINER), Group.objects.get(name=Role.CHAMPION))
    staff.get(f"{LIST}{bare.pk}/")
    for person in (bare, full):
        with django_assert_num_queries(7):
            staff.get(f"{LIST}{person.pk}/")


def test_searching_says_when_nobody_fits(staff: Client) -> None:
    UserFactory(first_name="Élodie", last_name="Fontanel")
    assert "Élodie Fontanel" in staff.get(LIST, {"q": "elodie"}).content.decode()
    assert "Nobody matches" in staff.get(LIST, {"q": "zzz"}).content.decode()
    for nonsense in ({"entity": "x"}, {"role": "king"}, {"state": "?"}, {"page": "-3"}, {"page": "many"}, {"q": "x" * 500}):
        assert staff.get(LIST, nonsense).status_code == 200


def test_names_are_text_not_markup(staff: Client) -> None:
    UserFactory(first_name="<script>alert(1)</script>", last_name="{{ 7|add:7 }}")
    page = staff.get(LIST).content.decode()
    assert "<script>alert(1)" not in page
    assert "{{ 7|add:7 }}" in page


# Acts ------------------------------------------------------------------------------------------------------------------
FORM = {"first_name": "Ana", "last_name": "Roux", "email": "ana@alcyon.example"}


def test_entering_somebody(staff: Client) -> None:
    entity = EntityFactory()
    response = staff.post(f"{LIST}new/", {**FORM, "entity": entity.pk, "invite": "on"})
    user = User.objects.get(email="ana@alcyon.example")
    assert response.headers["Location"] == f"{LIST}{user.pk}/"
    assert user.entity == entity
    assert AuditEntry.objects.filter(action="accounts.invite_person").exists()


@pytest.mark.parametrize("path", ["new/", "{id}/edit/"])
def test_a_form_takes_nothing_it_does_not_show(staff: Client, path: str) -> None:
    target = UserFactory()
    more = {
        "is_superuser": "on",
        "is_staff": "on",
        "groups": "1",
        "password": PASSWORD,
        "session_epoch": "7",
        "roles": "administrator",
    }
    staff.post(LIST + path.format(id=target.pk), {**FORM, **more})
    user = User.objects.get(email="ana@alcyon.example")
    assert not user.is_superuser
    assert not user.is_staff
    assert not user.groups.exists()
    assert user.has_usable_password() == (user.pk == target.pk)


def test_errors_stand_beside_the_field_and_nothing_is_lost(staff: Client) -> None:
    taken = UserFactory()
    response = staff.post(f"{LIST}new/", {**FORM, "email": taken.email})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Somebody already has this e-mail address." in page
    assert 'value="Roux"' in page


def test_editing_somebody(staff: Client) -> None:
    person = UserFactory(first_name="Anna")
    assert 'value="Anna"' in staff.get(f"{LIST}{person.pk}/edit/").content.decode()
    staff.post(f"{LIST}{person.pk}/edit/", {**FORM})
    person.refresh_from_db()
    assert (person.first_name, person.email) == ("Ana", "ana@alcyon.example")
    assert EmailAddress.objects.get(user=person).email == "ana@alcyon.example"


def test_giving_roles_and_hearing_why_not(staff: Client, administrator: User) -> None:
    person = UserFactory()
    staff.post(f"{LIST}{person.pk}/roles/", {"roles": ["trainer", "champion"]})
    assert set(person.groups.values_list("name", flat=True)) == {"trainer", "champion"}
    refused = staff.post(f"{LIST}{administrator.pk}/roles/", {"roles": []})
    assert refused.status_code == 422
    assert "You cannot take the administrator’s role from yourself" in refused.content.decode()
    assert staff.post(f"{LIST}{person.pk}/roles/", {"roles": ["king"]}).status_code == 422


def test_closing_and_opening(staff: Client) -> None:
    person = UserFactory()
    assert staff.post(f"{LIST}{person.pk}/close/", {"close-reason": ""}).status_code == 422
    staff.post(f"{LIST}{person.pk}/close/", {"close-reason": "Left the company"})
    person.refresh_from_db()
    assert not person.is_active
    assert "This account is closed" in staff.get(f"{LIST}{person.pk}/").content.decode()
    staff.post(f"{LIST}{person.pk}/open/")
    person.refresh_from_db()
    assert person.is_active


def test_inviting_and_signing_out(staff: Client) -> None:
    person = UserFactory()
    theirs = browser(person)
    assert "on its way" in staff.post(f"{LIST}{person.pk}/invitation/", follow=True).content.decode()
    staff.post(f"{LIST}{person.pk}/sessions/")
    assert theirs.get("/account/").status_code == 302
    assert "signed out everywhere" in staff.get(LIST).content.decode()


@pytest.mark.parametrize(("data", "revoked"), [({"tokens": "on"}, True), ({}, False)])
def test_signing_somebody_out_revokes_their_tokens_if_ticked(staff: Client, data: dict[str, str], revoked: bool) -> None:
    person = UserFactory()
    _, token = create_token(user=person, name="x", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    page = markup(staff.get(f"{LIST}{person.pk}/"))
    assert re.search(r'<input type="checkbox" name="tokens"[^>]* checked> Also revoke their API tokens', page)
    staff.post(f"{LIST}{person.pk}/sessions/", data)
    assert (user_for_token(token) is None) == revoked
    assert AuditEntry.objects.filter(action="accounts.revoke_tokens").count() == int(revoked)
    assert ('name="tokens"' in staff.get(f"{LIST}{person.pk}/").content.decode()) != revoked


def test_ones_own_second_step_is_managed_elsewhere(staff: Client, administrator: User) -> None:
    page = staff.post(f"{LIST}{administrator.pk}/second-factor/", follow=True).content.decode()
    assert "on your account page" in page
