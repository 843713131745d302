"""Two spellings that look alike are one person, wherever they come in; and a password is the same on every keyboard."""

from __future__ import annotations

import importlib
import itertools
import unicodedata
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.hashers import BasePasswordHasher, get_hasher, make_password
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from apps.accounts.addresses import normal_email, normal_name, normal_password
from apps.accounts.errors import AccountError
from apps.accounts.models import User
from apps.accounts.oidc.claims import read as read_claims
from apps.accounts.queries import find_people, find_person
from apps.accounts.services import change_email, create_person, update_person
from apps.core.text import folded
from tests.accounts.conftest import Letters, SignIn
from tests.factories.accounts import PASSWORD as FACTORY_PASSWORD
from tests.factories.accounts import UserFactory

from .importing import read

MIGRATION = importlib.import_module("apps.accounts.migrations.0004_one_spelling")
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
    "ana.roux@assuré.example。",
    "ana.roux@assure\u200b\u0301.example",
    "ana.roux@assuré.example\u200b .\ufeff",
]


@pytest.mark.parametrize("spelling", ALIKE)
def test_one_spelling(spelling: str) -> None:
    assert normal_email(spelling) == ANA
    assert normal_email(ANA) == ANA


PIECES = [
    "e\u0301",
    "\u0301",
    "\u200b",
    "\u034f",
    "İ",
    "ſ",
    "ﬁ",
    "。",
    "．",
    ".",
    "＠",
    "@",
    " ",
    "\u3000",
    "☕",
    "xn--",
    "K",
    "-",
]


@pytest.mark.parametrize("rule", [normal_email, normal_name, normal_password])
def test_spelling_it_twice_changes_nothing(rule: Callable[[str], str]) -> None:
    for text in map("".join, itertools.product(PIECES, repeat=3)):
        for whole in (text, f"{text}@x.example", f"a@é{text}"):
            assert rule(rule(whole)) == rule(whole), ascii(whole)


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
    [line] = read(f"email;first_name;last_name\n{spelling};Ana;Roux\n")
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


@pytest.mark.parametrize(
    "email",
    [
        "аna.roux@alcyon.example",
        "ana.röux@alcyon.example",
        "ana roux@alcyon.example",
        "ana@☕.example",
        "ana@al\u2028çyon.example",
        "ana@١.example",
        f"ana@{60 * 'é'}.example",
    ],
)
def test_a_letter_of_another_script_and_what_no_domain_holds_are_no_address(email: str) -> None:
    with pytest.raises(CommandError, match="is not an e-mail address"):
        call_command("create_administrator", email, "--password-stdin", stdout=StringIO())
    claims = {"iss": "https://x", "sub": "1", "email": email, "email_verified": True}
    assert read_claims(claims, {}, vouched_domains=(), wanted={}).email == ""
    staff = Client(headers={"accept-language": "en"})
    staff.force_login(UserFactory.create(permissions=["accounts.see_people", "accounts.manage_people"]))
    page = staff.post("/staff/people/new/", {"first_name": "Ana", "last_name": "Roux", "email": email})
    assert page.status_code == 422
    [line] = read(f"email;first_name;last_name\n{email};Ana;Roux\n")
    assert line.reason is not None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anai\u0308s", "Anaïs"),
        ("  Ana\u00a0 Lucie ", "Ana Lucie"),
        ("Ro\u200bux\u2060", "Roux"),
        ("O’Neill", "O’Neill"),
        ("Jean-\u00adPierre", "Jean-Pierre"),
        ("Rene\u200b\u0301", "René"),
    ],
)
def test_names_hold_nothing_that_cannot_be_seen(typed: str, kept: str) -> None:
    assert normal_name(typed) == kept
    user = create_person(email=ANA, first_name=typed, actor=None)
    assert user.first_name == kept
    assert update_person(user=user, changes={"last_name": typed}, actor=None).last_name == kept
    assert UserFactory.create(first_name=typed).first_name == kept


def test_a_name_that_folds_to_more_than_there_is_room_for_is_kept() -> None:
    user = UserFactory.create(first_name=80 * "ﷺ")  # eighteen letters each
    assert len(user.search_text) == 500


AVILA = ["d'ávila", "D’Avila", "dʼavila", "d`avila", "d´avila", "D＇ÁVILA", "d'a\u0301vila", "d\u200b’avila"]
TYPED = [*AVILA, "dʾavila", "d❛avila", "lène-marie", "lene‑marie", "lene–MARIE", "œuvre", "oeuvre"]


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


@pytest.fixture
def from_before() -> User:
    """Somebody whose password was hashed as it was typed, on a Mac."""
    user: User = UserFactory.create(password=make_password(SPELLINGS[1]))
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def test_a_password_hashed_as_it_was_typed_goes_on_and_is_then_the_same_everywhere(from_before: User, sign_in: SignIn) -> None:
    assert from_before.check_password(SPELLINGS[1])
    assert not from_before.check_password(SPELLINGS[1] + "x")
    assert sign_in(from_before, SPELLINGS[1]).get("/account/").status_code == 200
    again = User.objects.get(pk=from_before.pk)
    assert all(again.check_password(spelling) for spelling in SPELLINGS)
    sign_in(again, SPELLINGS[1])
    assert User.objects.get(pk=from_before.pk).password == again.password, "once"


@pytest.mark.parametrize("password", SPELLINGS)
@pytest.mark.parametrize("known", [True, False])
def test_an_unknown_address_costs_as_many_hashes_as_a_wrong_password(
    password: str, known: bool, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = UserFactory.create()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    hashed: list[str] = []
    encode = get_hasher("default").__class__.encode

    def counted(self: BasePasswordHasher, password: str, *args: Any) -> str:
        hashed.append(password)
        return str(encode(self, password, *args))

    monkeypatch.setattr(get_hasher("default").__class__, "encode", counted)
    email = user.email if known else "nobody@alcyon.example"
    visitor.post("/accounts/login/", {"login": email, "password": password})
    assert len(hashed) == (1 if password == PASSWORD else 2)


def test_accents_typed_apart_make_no_password_longer(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = UserFactory.create()
    visitor.force_login(staff)
    short = unicodedata.normalize("NFD", "éàüîôç")  # twelve characters, six letters
    page = visitor.post("/accounts/password/change/", {"oldpassword": FACTORY_PASSWORD, "password1": short, "password2": short})
    assert page.context["form"].errors["password1"]
    monkeypatch.setattr("sys.stdin", StringIO(short + "\n"))
    with pytest.raises(CommandError, match="too weak"):
        call_command("create_administrator", "new@alcyon.example", "--password-stdin", stdout=StringIO())


# Domains that the settings name ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("domain", ["assuré.example", "xn--assur-fsa.example", " Assure\u0301.Example. "])
def test_a_domain_in_the_settings_may_be_spelt_in_its_own_letters(domain: str, visitor: Client, settings: Any) -> None:
    told = read_claims({"iss": "https://x", "sub": "1", "email": ALIKE[0]}, {}, vouched_domains=(domain,), wanted={})
    assert (told.email, told.verified) == (ANA, True)
    settings.OPEN_SIGNUP, settings.SIGNUP_DOMAINS = True, [domain]
    names = {"first_name": "Ana\u200b", "last_name": "Roux\u00a0"}
    for spelling in ALIKE:
        Client().post("/accounts/signup/", {"email": spelling, "password1": "a-good-long-sentence", **names})
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == (ANA, "Ana", "Roux")
    assert EmailAddress.objects.get().email == ANA


# The people there are -------------------------------------------------------------------------------------------------------
def as_before(email: str, address: str = "", **fields: str) -> User:
    """Return somebody who came in before there was one spelling."""
    user: User = UserFactory.create()
    User.objects.filter(pk=user.pk).update(email=email, search_text="", **fields)
    EmailAddress.objects.create(user=user, email=address or email, primary=True, verified=True)
    return user


def test_people_from_before_are_brought_to_the_one_spelling(caplog: pytest.LogCaptureFixture) -> None:
    plain = as_before("Ana\u200b@Assuré.example", first_name="D’Ávila")
    two = [as_before("zoe@alcyon.example"), as_before("zoe\u200b@alcyon.example")]
    promised = as_before("lea@alcyon.example", address="max@alcyon.example")  # the person who has asked for that address
    waiting = as_before("max\u200b@alcyon.example")
    MIGRATION.spell_alike(apps, None)
    plain.refresh_from_db()
    assert (plain.email, plain.search_text.split()[0]) == ("ana@xn--assur-fsa.example", "d'avila")
    assert EmailAddress.objects.get(user=plain).email == plain.email
    assert [User.objects.get(pk=user.pk).email for user in two] == ["zoe@alcyon.example", "zoe\u200b@alcyon.example"]
    assert User.objects.get(pk=waiting.pk).email == "max\u200b@alcyon.example"
    assert User.objects.get(pk=promised.pk).email == "lea@alcyon.example"
    assert [str(user.pk) in caplog.text for user in (plain, *two, waiting)] == [False, False, True, True]
    change_email(user=User.objects.get(pk=two[1].pk), email="zoe.b@alcyon.example", actor=plain)
    assert {user.email for user in find_people(text="zoe")} == {"zoe@alcyon.example", "zoe.b@alcyon.example"}


@pytest.mark.parametrize("text", [*ALIKE, *TYPED, "ǅ ŉ ﷺ Straẞe"])
def test_what_was_migrated_is_what_the_doors_write(text: str) -> None:
    assert (MIGRATION.normal_email(text), MIGRATION.folded(text)) == (normal_email(text), folded(text))
