from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.utils import translation
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.imports.columns import guess
from apps.accounts.imports.lines import REASONS, Reader, Reason
from apps.accounts.queries import directory
from apps.accounts.services import close_entry, merge_entry
from tests.factories.accounts import EntityFactory, JobRoleFactory, UserFactory

from .importing import HEAD, read

pytestmark = pytest.mark.django_db

ZOE = "zoe@alcyon.example;Zoé;Petit;;;;\n"
NAMES = "email;first_name;last_name\nzoe@alcyon.example;Zoé;Petit\n"


def test_new_changed_and_as_they_are() -> None:
    entity, job = EntityFactory(code="sante"), JobRoleFactory(code="juriste")
    moved = UserFactory(email="moved@alcyon.example", first_name="Moved", last_name="Person")
    UserFactory(email="same@alcyon.example", first_name="Same", last_name="Person", entity=entity)
    new, changed, same = read(
        HEAD
        + "New@Alcyon.example;Zoé;Petit;sante;;;juriste\n"
        + "moved@alcyon.example;Moved;Person;Sante;;;\n"
        + "\n"
        + "same@alcyon.example;Same;Person;;;;\n"
    )
    assert (new.email, new.person, new.values["entity"], new.values["job_role"]) == ("new@alcyon.example", None, entity, job)
    assert (changed.person, changed.changed) == (moved, ["entity"])
    assert (same.changed, same.number) == ([], 5)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (";Zoé;Petit;;;;", "“E-mail address” is empty"),
        ("zoe@alcyon.example;;Petit;;;;", "“First name” is empty"),
        ("not-an-address;Zoé;Petit;;;;", "is not an e-mail address"),
        ("zoe@alcyon.example;=cmd|' /C calc'!A0;Petit;;;;", "formula"),
        ("zoe@alcyon.example;'=cmd;Petit;;;;", "formula"),
        ("zoe@alcyon.example;+33;Petit;;;;", "formula"),
        ("zoe@alcyon.example;@SUM(A1);Petit;;;;", "formula"),
        ("-zoe@alcyon.example;Zoé;Petit;;;;", "formula"),
        ("zoe@alcyon.example;Zo\x07;Petit;;;;", "control characters"),
        ("zoe@alcyon.example;Zoé;Petit;nowhere;;;", "Entity: there is no code “nowhere” in the directory"),
        ("zoe@alcyon.example;Zoé;Petit;;;;king", "Job: there is no code “king” in the directory"),
        ("zoe@alcyon.example;Zoé;Petit;;;;;more", "more cells than columns"),
        (f"zoe@alcyon.example;{'x' * 81};Petit;;;;", "too long"),
        (f"zoe@{'é' * 60}.example;Zoé;Petit;;;;", "is not an e-mail address"),
        ("zoe@alcyon.example;\u200b=1+1;Petit;;;;", "formula"),
        ("zoe@alcyon.example;Zoé;\u2060;;;;", "“Last name” is empty"),
        ("zoe@alcyon.example;Zoé;Petit;;;;\nZOE@alcyon.example;Zoé;Petit;;;;", "is on line 2"),
    ],
)
def test_a_bad_line_gets_its_reason(line: str, reason: str) -> None:
    lines = read(HEAD + line + "\ngood@alcyon.example;Good;Person;;;;\n")
    assert reason in str(lines[-2].reason)
    assert lines[-1].reason is None


def test_a_sign_that_no_file_can_hold_is_refused_all_the_same() -> None:
    line = Reader(["email", "first_name", "last_name"], directory()).line(2, ["zoe@alcyon.example", "Zo\x00", "Petit"])
    assert "control characters" in str(line.reason)


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_said_in_the_language_of_the_reader(code: str) -> None:
    reason = Reason(code, {"column": "email", "email": "x", "code": "y", "name": "Zoé", "line": 3})
    said = set()
    for language in ("fr", "en"):
        with translation.override(language):
            said.add(str(reason))
    assert len(said) == 2
    assert not any("%" in sentence for sentence in said)


@pytest.mark.parametrize(
    "text",
    [
        NAMES.replace(";", "\t"),
        NAMES.replace(";", "|"),
        NAMES.replace(";", ","),
        "sep=;\n" + NAMES,
        "sep=;\n\n;;\n" + NAMES,
        "\n\n;;\n" + NAMES,
        "\n" + "sep=,\n" + NAMES.replace(";", ","),
        "sep=\t\n" + NAMES.replace(";", "\t"),
        '"sep=;"\n' + NAMES,
        "Sep = ;;;\n" + NAMES,
        "\u200b;\xa0;\n" + NAMES,
        NAMES + "\u200b;\xa0;\n",
        NAMES + "\x1a",
        NAMES.replace("last_name", "last_name;;").replace("Petit", "Petit;;"),
        NAMES.replace("Petit", "Petit;; ;"),
        NAMES.replace("last_name", "last_name;"),
        "Email,First_Name,Last_Name\r\nzoe@alcyon.example,Zoé,Petit\r\n",
        "E-mail;Prénom;Nom\n" + NAMES.partition("\n")[2],
        " COURRIEL ; PRENOM ; Nom de famille \n" + NAMES.partition("\n")[2],
        "Adresse électronique;Prénom;NOM\n" + NAMES.partition("\n")[2],
        "Adresse e-mail;Pre\u0301nom;Nom\n" + NAMES.partition("\n")[2],
        NAMES.replace("Zoé", "Zoe\u0301").replace("Petit", "\u00a0Pe\u200btit\ufeff"),
        NAMES.replace("zoe@", "Zo\u200be＠"),
        NAMES.replace("zoe@alcyon.example", '"zoe@alcyon.example"'),
        NAMES + "\n;;\n \n",
    ],
)
def test_what_makes_no_difference_makes_none(text: str) -> None:
    [line] = read(text)
    assert (line.reason, line.email, line.name) == (None, "zoe@alcyon.example", "Zoé Petit")


def test_one_wrong_byte_is_told_of_its_line_and_leaves_the_others() -> None:
    raw = (HEAD + ZOE + "ana@alcyon.example;Ana;Béraud;;;;\n").encode().replace("Béraud".encode(), b"B\xe9raud")
    good, bad = read(raw)
    assert (good.name, good.reason) == ("Zoé Petit", None)
    assert bad.number == 3
    assert "cannot be read" in str(bad.reason)


def test_a_letter_that_cannot_be_read_in_a_column_left_out_is_nobodys_concern() -> None:
    [line] = read("email;first_name;last_name;phone\nzoe@alcyon.example;Zoé;Petit;\ufffd\n")
    assert line.reason is None


def test_codes_hold_nothing_that_cannot_be_seen() -> None:
    entity = EntityFactory(code="sante")
    [line] = read(HEAD + "a@b.example;Zoé;Petit;\u200bsante\xa0;;;\n")
    assert (line.reason, line.values["entity"]) == (None, entity)


def test_the_code_of_a_merged_entry_means_the_other_and_that_of_a_closed_one_is_told() -> None:
    old, new, gone = EntityFactory(code="old"), EntityFactory(code="new"), EntityFactory(code="gone")
    merge_entry(entry=old, into=new, reason="x", actor=UserFactory())
    close_entry(entry=gone, reason="x", actor=UserFactory())
    merged, closed = read(HEAD + "a@b.example;A;B;old;;;\n" + "b@b.example;A;B;gone;;;\n")
    assert merged.values["entity"] == new
    assert "“gone” is closed" in str(closed.reason)
    assert closed.unknown == {}


def test_all_unknown_codes_of_a_line_are_found_if_they_could_be_made() -> None:
    first, second = read(HEAD + "a@b.example;A;B;new;;;boss\n" + "b@b.example;A;B;Not a code;;;boss\n")
    assert (first.unknown, second.unknown) == ({"entity": "new", "job": "boss"}, {"job": "boss"})


def test_a_thousand_lines_take_as_many_questions_as_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for count in (1, 400):
        text = HEAD + "".join(f"p{n}@alcyon.example;P;Q;;;;\n" for n in range(count))
        with django_assert_num_queries(6):
            assert len(read(text)) == count


def test_a_closed_account_does_not_get_the_name_of_who_has_its_address_now() -> None:
    entity = EntityFactory(code="sante")
    UserFactory(email="closed@alcyon.example", first_name="Old", last_name="Name", is_active=False)
    [place] = read(HEAD + "closed@alcyon.example;Old;Name;sante;;;\n")
    assert (place.reason, place.changed, place.values["entity"]) == (None, ["entity"], entity)
    [name] = read(HEAD + "closed@alcyon.example;New;Name;;;;\n")
    assert "closed account of Old Name" in str(name.reason)


def test_the_second_address_of_somebody_is_not_another_person() -> None:
    ana = UserFactory(email="ana@alcyon.example", first_name="Ana", last_name="Roux")
    EmailAddress.objects.create(user=ana, email="ana.roux@alcyon.example", verified=False)
    [line] = read(HEAD + "ana.roux@alcyon.example;Ana;Roux;;;;\n")
    assert "Ana Roux has this address as a second one" in str(line.reason)


def test_columns_are_guessed_in_both_languages() -> None:
    french = ["Adresse électronique", "PRÉNOM", "Nom", "Entité", "Direction", "Site", "Métier", "Matricule"]
    assert guess(french) == ["email", "first_name", "last_name", "entity", "department", "site", "job", ""]
    english = ["E-mail address", "First name", "Last name", "Entity", "Department", "Location", "Job title", "Phone"]
    assert guess(english) == ["email", "first_name", "last_name", "entity", "department", "site", "job", ""]
