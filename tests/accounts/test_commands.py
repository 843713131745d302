from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts import roles
from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.accounts.roles import rights_of, sync_roles
from tests.factories.accounts import UserFactory

STRONG = "a-good-long-sentence"


def create(email: str, password: str = STRONG, **options: Any) -> None:
    call_command("create_administrator", email, password_stdin=True, stdout=io.StringIO(), **options)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    class Line:
        def readline(self) -> str:
            return f"{STRONG}\n"

    monkeypatch.setattr("sys.stdin", Line())


@pytest.mark.django_db
@pytest.mark.usefixtures("stdin")
def test_the_first_administrator_comes_from_the_command_line() -> None:
    create("Boss@Alcyon.example", first_name="Ada")
    user = User.objects.get()
    assert user.email == "boss@alcyon.example"
    assert user.check_password(STRONG)
    assert user.has_perm("accounts.manage_people")
    assert not user.is_superuser


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "123456789012", "boss@alcyon.example", "passwordpassword", ""])
def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    if password == "passwordpassword":
        monkeypatch.setattr("sys.stdin", io.StringIO("1234567890\n"))
    with pytest.raises(CommandError, match="too weak"):
        create("boss@alcyon.example")
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("stdin")
def test_it_asks_before_it_promotes_somebody() -> None:
    user = UserFactory(email="ana@alcyon.example")
    user.groups.add(Group.objects.get_or_create(name=Role.TRAINER)[0])
    with pytest.raises(CommandError, match="--existing"):
        create("ana@alcyon.example")
    create("ana@alcyon.example", existing=True)
    assert set(user.groups.values_list("name", flat=True)) == {Role.ADMINISTRATOR, Role.TRAINER}
    assert not user.check_password(STRONG), "Their password stays theirs"


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["nobody@alcyon.example", "closed@alcyon.example", "nonsense"])
def test_who_cannot_be_promoted(email: str) -> None:
    UserFactory(email="closed@alcyon.example", is_active=False)
    with pytest.raises(CommandError):
        create(email, existing=True)


@pytest.mark.django_db
def test_two_passwords_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([STRONG, "something-else-typed"])
    monkeypatch.setattr("apps.accounts.management.commands.create_administrator.getpass", lambda prompt: next(answers))
    with pytest.raises(CommandError, match="not the same"):
        call_command("create_administrator", "boss@alcyon.example")


@pytest.mark.django_db
@pytest.mark.usefixtures("stdin")
def test_the_command_says_what_comes_next() -> None:
    said = io.StringIO()
    call_command("create_administrator", "boss@alcyon.example", password_stdin=True, stdout=said)
    assert "http://testserver/staff/setting-up/" in said.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stdin")
def test_of_two_commands_at_once_one_wins() -> None:
    sync_roles()
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def run() -> None:
        start.wait()
        try:
            create("boss@alcyon.example")
            outcomes.append("made")
        except CommandError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _turn in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused"]
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_signing_up_first_makes_nobody_an_administrator(client: Any, settings: Any) -> None:
    settings.OPEN_SIGNUP, settings.SIGNUP_DOMAINS = True, ["alcyon.example"]
    data = {"email": "first@alcyon.example", "password1": STRONG, "first_name": "A", "last_name": "B"}
    client.post("/accounts/signup/", data)
    user = User.objects.get()
    assert not user.groups.exists()
    assert not user.get_all_permissions()


# Roles -----------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_roles_hold_just_their_rights_after_migrate() -> None:
    held = {f"{p.content_type.app_label}.{p.codename}" for p in Group.objects.get(name=Role.TRAINER).permissions.all()}
    assert held == rights_of(Role.TRAINER)


@pytest.mark.django_db
def test_what_was_added_by_hand_is_taken_away_and_what_is_missing_is_given() -> None:
    group = Group.objects.get(name=Role.CHAMPION)
    group.permissions.set(Permission.objects.all()[:5])
    call_command("sync_roles", stdout=io.StringIO())
    assert {permission.codename for permission in group.permissions.all()} == {"use_previews"}


@pytest.mark.django_db
def test_a_right_that_does_not_exist_yet_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "_rights", {role: set(rights_of(role)) for role in Role})
    roles.grant(Role.CHAMPION, "community.moderate")
    sync_roles()
    assert "community.moderate" in rights_of(Role.CHAMPION)
    assert Group.objects.get(name=Role.CHAMPION).permissions.count() == 1
