from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import connection
from django.http import Http404
from django.utils import timezone

from apps.accounts.enums import PersonState, Role
from apps.accounts.errors import AccountError
from apps.accounts.models import Organisation, User
from apps.accounts.organisation import forget
from apps.accounts.queries import entity_and_below, find_people, get_person, roles_of
from apps.accounts.roles import sync_roles
from apps.accounts.services import (
    activate_person,
    change_email,
    create_person,
    deactivate_person,
    edit_person,
    invite_person,
    set_roles,
    update_from_directory,
    update_person,
)
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, OutboxMessage
from apps.core.text import folded
from tests.factories.accounts import EntityFactory, JobRoleFactory, UserFactory

from .conftest import Letters

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    sync_roles()
    user: User = UserFactory()
    user.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
    return user


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


# Entering and changing -------------------------------------------------------------------------------------------------
def test_entering_somebody_gives_an_account_and_no_role(administrator: User) -> None:
    user = create_person(email=" Ana.ROUX@Alcyon.example ", first_name=" Ana ", last_name="Roux", actor=administrator)
    assert (user.email, user.first_name) == ("ana.roux@alcyon.example", "Ana")
    assert not user.has_usable_password()
    assert not user.groups.exists()
    assert EmailAddress.objects.get(user=user).verified
    assert actions() == ["accounts.create_person"]


def test_one_address_one_person(administrator: User) -> None:
    UserFactory(email="ana@alcyon.example")
    with pytest.raises(AccountError, match="already"):
        create_person(email="ANA@alcyon.example", actor=administrator)
    assert User.objects.count() == 2
    assert actions() == []


def test_an_invitation_holds_a_link_that_works(administrator: User, letters: Letters) -> None:
    user = create_person(email="ana@alcyon.example", first_name="Ana", language="en", invite=True, actor=administrator)
    assert OutboxMessage.objects.count() == 1
    [letter] = letters()
    assert letter.to == ["ana@alcyon.example"]
    assert "Hello Ana," in letter.body
    assert f"/accounts/password/reset/key/{user.pk.hex}-" in letter.body
    assert actions() == ["accounts.create_person", "accounts.invite_person"]


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "le portail IA de la Mutuelle des Rives"), ("en", "the Mutuelle des Rives’ AI portal")]
)
def test_an_invitation_names_the_company(administrator: User, letters: Letters, language: str, words: str) -> None:
    forget(in_favour_of=Organisation(name_fr="la Mutuelle des Rives", name_en="the Mutuelle des Rives"))
    create_person(email="ana@alcyon.example", first_name="Ana", language=language, invite=True, actor=administrator)
    assert words in letters()[0].body


def test_a_closed_account_is_not_invited(administrator: User) -> None:
    with pytest.raises(AccountError):
        invite_person(user=UserFactory(is_active=False), actor=administrator)


def test_changes_leave_a_trace_without_the_values(administrator: User) -> None:
    user = UserFactory(first_name="Anna")
    update_person(user=user, changes={"first_name": "Ana", "last_name": user.last_name}, actor=administrator)
    entry = AuditEntry.objects.get()
    assert entry.details == {"fields": ["first_name"]}
    assert User.objects.get(pk=user.pk).search_text.startswith("ana ")
    update_person(user=user, changes={"first_name": "Ana"}, actor=administrator)
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("field", ["is_superuser", "is_staff", "is_active", "password", "groups", "session_epoch", "email", "id"])
def test_staff_change_nothing_else(administrator: User, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        update_person(user=UserFactory(), changes={field: True}, actor=administrator)


def test_another_address_is_taken_or_not(administrator: User) -> None:
    user, other = UserFactory(email="old@alcyon.example"), UserFactory()
    epoch = user.session_epoch
    with pytest.raises(AccountError):
        change_email(user=user, email=other.email.upper(), actor=administrator)
    changed = change_email(user=user, email="new@alcyon.example", actor=administrator)
    assert User.objects.get(pk=user.pk).session_epoch > epoch
    assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified")) == [("new@alcyon.example", True)]
    assert "new@alcyon.example" in User.objects.get(pk=changed.pk).search_text


def test_a_change_is_whole_or_not_at_all(administrator: User) -> None:
    user, other = UserFactory(first_name="Anna"), UserFactory()
    with pytest.raises(AccountError):
        edit_person(user=user, email=other.email, changes={"first_name": "Ana"}, actor=administrator)
    user.refresh_from_db()
    assert user.first_name == "Anna"


def test_the_directory_moves_people_by_known_codes() -> None:
    user, entity, job = UserFactory(), EntityFactory(code="e1"), JobRoleFactory(code="j1")
    update_from_directory(user=user, codes={"entity": "e1", "job": "j1", "site": "unknown"})
    user.refresh_from_db()
    assert (user.entity, user.job_role, user.site) == (entity, job, None)
    update_from_directory(user=user, codes={})
    assert actions() == ["accounts.update_person"]


# Roles -----------------------------------------------------------------------------------------------------------------
def test_roles_carry_the_rights_of_the_staff_area(administrator: User) -> None:
    for right in ("accounts.manage_people", "access.manage_access", "core.read_audit", "learning.manage_courses"):
        assert administrator.has_perm(right), right
    trainer = UserFactory()
    set_roles(user=trainer, roles=[Role.TRAINER], actor=administrator)
    fresh = User.objects.get(pk=trainer.pk)
    assert fresh.has_perm("accounts.see_people")
    assert not fresh.has_perm("accounts.manage_people")
    assert roles_of(fresh.groups.all()) == [Role.TRAINER]


def test_nobody_takes_the_administrators_role_from_themselves(administrator: User) -> None:
    UserFactory().groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
    with pytest.raises(AccountError, match="yourself"):
        set_roles(user=administrator, roles=[], actor=administrator)
    assert administrator.groups.exists()


def test_nor_from_the_last_one(administrator: User) -> None:
    closed = UserFactory(is_active=False)
    closed.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
    actor = UserFactory()
    with pytest.raises(AccountError, match="last administrator"):
        set_roles(user=administrator, roles=[Role.TRAINER], actor=actor)
    with pytest.raises(AccountError, match="last administrator"):
        deactivate_person(user=administrator, actor=actor, reason="No longer here")
    second = UserFactory()
    set_roles(user=second, roles=[Role.ADMINISTRATOR], actor=administrator)
    set_roles(user=administrator, roles=[], actor=second)
    assert not administrator.groups.exists()


def test_setting_the_same_roles_changes_nothing(administrator: User) -> None:
    set_roles(user=administrator, roles=[Role.ADMINISTRATOR], actor=UserFactory())
    assert actions() == []


@pytest.mark.django_db(transaction=True)
def test_two_administrators_removing_each_other_at_once_leave_one(administrator: User) -> None:
    other = UserFactory()
    other.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
    start = threading.Barrier(2)
    refused: list[AccountError] = []

    def remove(user: User, actor: User) -> None:
        start.wait()
        try:
            set_roles(user=user, roles=[], actor=actor)
        except AccountError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((administrator, other), (other, administrator))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert User.objects.filter(groups__name=Role.ADMINISTRATOR).count() == 1


# Closing ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("close", [lambda user, actor: deactivate_person(user=user, actor=actor, reason=" ")])
def test_closing_takes_a_reason(administrator: User, close: Callable[[User, User], None]) -> None:
    with pytest.raises(AccountError, match="Say why"):
        close(UserFactory(), administrator)


def test_nobody_closes_themselves(administrator: User) -> None:
    with pytest.raises(AccountError, match="your own"):
        deactivate_person(user=administrator, actor=administrator, reason="Tired")


def test_closing_and_opening_leave_a_trace_once(administrator: User) -> None:
    user = UserFactory()
    for _turn in range(2):
        deactivate_person(user=user, actor=administrator, reason="Left")
    for _turn in range(2):
        activate_person(user=user, actor=administrator)
    assert actions() == ["accounts.deactivate_person", "accounts.activate_person"]
    assert AuditEntry.objects.order_by("pk")[0].reason == "Left"


# Finding ---------------------------------------------------------------------------------------------------------------
def test_people_are_found_without_their_accents() -> None:
    elodie = UserFactory(first_name="Élodie", last_name="Mercœur")
    UserFactory(first_name="Éloi", last_name="Martin")
    for text in ("elodie", "ÉLODIE", "mercoeur élo", "Mercœur", elodie.email):
        assert list(find_people(text=text)) == [elodie], text
    assert find_people(text="").count() == 2
    assert find_people(text="%").count() == 0
    assert folded("Œuvre d’Été ÆSIR") == "oeuvre d'ete aesir"


def test_people_are_filtered() -> None:
    group, part, other = EntityFactory(), EntityFactory(), EntityFactory()
    part.parent = group
    part.save()
    sync_roles()
    inside = UserFactory(entity=part, last_login=timezone.now())
    outside = UserFactory(entity=other, is_active=False)
    inside.groups.add(Group.objects.get(name=Role.TRAINER))
    assert entity_and_below(group.pk) == {group.pk, part.pk}
    assert list(find_people(entity=group)) == [inside]
    assert list(find_people(role=Role.TRAINER)) == [inside]
    assert list(find_people(state=PersonState.CLOSED)) == [outside]
    assert list(find_people(state=PersonState.ACTIVE)) == [inside]
    assert not find_people(state=PersonState.NEVER_CAME)


def test_a_tree_that_bites_its_tail_ends() -> None:
    first, second = EntityFactory(), EntityFactory()
    first.parent, second.parent = second, first
    first.save()
    second.save()
    assert entity_and_below(first.pk) == {first.pk, second.pk}


def test_a_person_who_does_not_exist() -> None:
    with pytest.raises(Http404):
        get_person(uuid7())


def test_addresses_differ_by_more_than_case(administrator: User) -> None:
    from django.db import IntegrityError

    UserFactory(email="ana@alcyon.example")
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email="Ana@alcyon.example")])
