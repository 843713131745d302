"""Two spellings that look alike are one person, at every door; and a password is the same on every keyboard."""

from __future__ import annotations

import unicodedata
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from apps.accounts.addresses import normal_email, normal_name
from apps.accounts.errors import AccountError
from apps.accounts.imports import read
from apps.accounts.models import User
from apps.accounts.queries import find_people, find_person
from apps.accounts.services import change_email, create_person, update_person
from tests.accounts.conftest import Letters, SignIn
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
ANA = "ana.roux@xn--assur-fsa.example"
ALIKE = [
    "ana.roux@assuré.example",
    "Ana.Roux@Assuré.Example",
    "ana.roux@assure\u0301.example",
    "ana.roux@xn--assur-fsa.example",
    "ana.roux@XN--ASSUR-FSA.example",
    "ana.roux@assuré.example.",
    " ana.roux@assuré.example\u00a0",
    "ana\u200b.roux@assuré.example",
    "\ufeffana.roux@assuré.example",
    "ana.\u00adroux@assuré.example",
    "ana.roux\u200d@assuré\u2060.example",
    "\u202aana.roux@assuré.example\u202c",
    "ana.ro\u034fux@assuré.example",
    "ana.roux\ufe0f@assuré.example",
    "ａｎａ.roux＠assuré.example",
    "ana.roux@assuré。example",
    "ana.roux@assuré．example",
]


@pytest.mark.parametrize("spelling", ALIKE)
def test_one_spelling(spelling: str) -> None:
    assert normal_email(spelling) == ANA
    assert normal_email(ANA) == ANA


@pytest.mark.parametrize("text", ["", "@", "a@", "@b", "ana", "a b@c.example", "ana@-.example", "ana@" + 99 * "é", "a@b@c"])
def test_what_is_no_address_is_none_and_fails_nothing(text: str) -> None:
    assert normal_email(normal_email(text)) == normal_email(text)


@pytest.mark.parametrize("spelling", ALIKE)
def test_no_door_makes_a_second_person(spelling: str, visitor: Client) -> None:
    user = create_person(email=ANA, actor=None)
    with pytest.raises(AccountError):
        create_person(email=spelling, actor=None)
    with pytest.raises(AccountError):
        change_email(user=create_person(email="other@alcyon.example", actor=None), email=spelling, actor=user)
    with pytest.raises(CommandError, match="already has"):
        call_command("create_administrator", spelling, "--password-stdin", stdout=StringIO())
    [line] = read(f"email;first_name;last_name\n{spelling};Ana;Roux\n").lines
    assert line.person == user
    assert find_person(spelling) == user
    assert User.objects.get_by_natural_key(spelling) == user
    staff = Client(headers={"accept-language": "en"})
    staff.force_login(UserFactory.create(permissions=["accounts.see_people", "accounts.manage_people"]))
    page = staff.post("/staff/people/new/", {"first_name": "Ana", "last_name": "Roux", "email": spelling})
    assert "Somebody already has this e-mail address." in page.content.decode()
    assert User.objects.filter(email__contains="roux").count() == 1
    direct = UserFactory.build(email=spelling)
    with pytest.raises(IntegrityError):
        direct.save()


@pytest.mark.parametrize("spelling", ALIKE)
def test_who_spells_it_otherwise_signs_in_and_gets_their_letter(
    spelling: str, sign_in: SignIn, visitor: Client, letters: Letters
) -> None:
    user = UserFactory.create(email=ANA)
    EmailAddress.objects.create(user=user, email=ANA, primary=True, verified=True)
    again = UserFactory.build(email=spelling)
    assert sign_in(again).get("/account/").status_code == 200
    visitor.post("/accounts/password/reset/", {"email": spelling})
    assert [letter.to for letter in letters()] == [[ANA]]


@pytest.mark.parametrize("email", ["аna.roux@alcyon.example", "ana.röux@alcyon.example", "ana roux@alcyon.example"])
def test_a_letter_of_another_script_is_no_address(email: str) -> None:
    staff = Client(headers={"accept-language": "en"})
    staff.force_login(UserFactory.create(permissions=["accounts.see_people", "accounts.manage_people"]))
    page = staff.post("/staff/people/new/", {"first_name": "Ana", "last_name": "Roux", "email": email})
    assert page.status_code == 422
    assert read(f"email;first_name;last_name\n{email};Ana;Roux\n").errors


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anai\u0308s", "Anaïs"),
        ("  Ana\u00a0 Lucie ", "Ana Lucie"),
        ("Ro\u200bux\u2060", "Roux"),
        ("O’Neill", "O’Neill"),
        ("Jean-\u00adPierre", "Jean-Pierre"),
    ],
)
def test_names_hold_nothing_that_cannot_be_seen(typed: str, kept: str) -> None:
    assert normal_name(typed) == kept
    user = create_person(email=ANA, first_name=typed, actor=None)
    assert user.first_name == kept
    assert update_person(user=user, changes={"last_name": typed}, actor=None).last_name == kept


AVILA = ["d'ávila", "D’Avila", "dʼavila", "d`avila", "d´avila", "D＇ÁVILA", "d'a\u0301vila", "d\u200b’avila"]
TYPED = [*AVILA, "lène-marie", "lene‑marie", "lene–MARIE", "œuvre", "oeuvre"]


@pytest.mark.parametrize("typed", TYPED)
def test_people_are_found_however_their_signs_are_typed(typed: str) -> None:
    user = UserFactory.create(first_name="Lène‑Marie", last_name="D’Ávila Œuvre")
    assert list(find_people(text=typed)) == [user]


# Passwords ------------------------------------------------------------------------------------------------------------------
PASSWORD = "é comme été à Nîmes"
SPELLINGS = [PASSWORD, unicodedata.normalize("NFD", PASSWORD), PASSWORD.replace(" ", "\u00a0"), PASSWORD.replace(" ", "\u3000")]


@pytest.mark.parametrize("first", SPELLINGS)
@pytest.mark.parametrize("second", SPELLINGS)
def test_a_password_is_the_same_on_every_keyboard(first: str, second: str, sign_in: SignIn) -> None:
    user = UserFactory.create()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    user.set_password(first)
    user.save()
    assert user.check_password(second)
    assert not user.check_password(second.upper())
    assert not user.check_password(second + "\u200b")
    sign_in(user, second)


def test_nobody_has_no_password() -> None:
    user = UserFactory.create()
    user.set_password(None)
    assert not user.has_usable_password()
    assert not user.check_password(None)
