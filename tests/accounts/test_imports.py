from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.errors import AccountError
from apps.accounts.imports import decode, read
from apps.accounts.models import User
from apps.accounts.services.imports import ImportRefused, import_people
from apps.core.models import AuditEntry
from tests.factories.accounts import EntityFactory, JobRoleFactory, UserFactory

pytestmark = pytest.mark.django_db

HEAD = "email;first_name;last_name;entity;department;site;job\n"


def test_new_changed_and_as_they_are() -> None:
    entity, job = EntityFactory(code="sante"), JobRoleFactory(code="juriste")
    UserFactory(email="moved@alcyon.example", first_name="Moved", last_name="Person")
    UserFactory(email="same@alcyon.example", first_name="Same", last_name="Person", entity=entity)
    text = (
        HEAD
        + "New@Alcyon.example;Zoé;Petit;sante;;;juriste\n"
        + "moved@alcyon.example;Moved;Person;sante;;;\n"
        + "\n"
        + "same@alcyon.example;Same;Person;sante;;;\n"
    )
    preview = read(text)
    assert ([line.email for line in preview.new], [line.email for line in preview.changed], preview.unchanged) == (
        ["new@alcyon.example"],
        ["moved@alcyon.example"],
        1,
    )
    result = import_people(text=text, actor=UserFactory())
    assert (result.new, result.changed) == (1, 1)
    new = User.objects.get(email="new@alcyon.example")
    assert (new.first_name, new.entity, new.job_role) == ("Zoé", entity, job)
    assert not new.has_usable_password()
    assert EmailAddress.objects.get(user=new).verified
    assert User.objects.get(search_text__contains="zoe petit") == new
    assert User.objects.get(email="moved@alcyon.example").entity == entity
    assert AuditEntry.objects.get().details == {"new": 1, "changed": 1}


def test_doing_it_twice_changes_nothing() -> None:
    text = HEAD + "new@alcyon.example;Zoé;Petit;;;;\n"
    actor = UserFactory()
    import_people(text=text, actor=actor)
    assert not read(text).may_apply
    assert import_people(text=text, actor=actor).new == 0
    assert User.objects.filter(email="new@alcyon.example").count() == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (";Zoé;Petit;;;;", "“email” is empty"),
        ("zoe@alcyon.example;;Petit;;;;", "“first_name” is empty"),
        ("not-an-address;Zoé;Petit;;;;", "is not an e-mail address"),
        ("zoe@alcyon.example;=cmd|' /C calc'!A0;Petit;;;;", "formula"),
        ("zoe@alcyon.example;+33;Petit;;;;", "formula"),
        ("zoe@alcyon.example;@SUM(A1);Petit;;;;", "formula"),
        ("-zoe@alcyon.example;Zoé;Petit;;;;", "formula"),
        ("zoe@alcyon.example;Zo\x07;Petit;;;;", "control characters"),
        ("zoe@alcyon.example;Zo\x00;Petit;;;;", "control characters"),
        ("zoe@alcyon.example;Zoé;Petit;nowhere;;;", "There is no entity “nowhere”"),
        ("zoe@alcyon.example;Zoé;Petit;;;;king", "There is no job “king”"),
        ("zoe@alcyon.example;Zoé;Petit;;;;;more", "more cells than columns"),
        (f"zoe@alcyon.example;{'x' * 81};Petit;;;;", "too long"),
        (f"zoe@{'é' * 60}.example;Zoé;Petit;;;;", "is not an e-mail address"),
        ("zoe@alcyon.example;\u200b=1+1;Petit;;;;", "formula"),
        ("zoe@alcyon.example;Zoé;\u2060;;;;", "“last_name” is empty"),
        ("zoe@alcyon.example;Zoé;Petit;;;;\nZOE@alcyon.example;Zoé;Petit;;;;", "stands on line 2"),
    ],
)
def test_a_bad_line_gets_its_reason_and_changes_nothing(line: str, reason: str) -> None:
    text = HEAD + line + "\n"
    good = "good@alcyon.example;Good;Person;;;;\n"
    assert reason in " ".join(error.error for error in read(text + good).errors)
    with pytest.raises(ImportRefused):
        import_people(text=text + good, actor=UserFactory())
    assert not User.objects.filter(email__startswith="good").exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Missing: email"),
        ("email;first_name\n", "Missing: last_name"),
        ("email;first_name;last_name;is_superuser\n", "not known: is_superuser"),
        ("email;first_name;last_name;password\n", "not known: password"),
        ("email;first_name;last_name;email\n", "stands twice"),
        (HEAD, "holds no people"),
        (HEAD + 'zoe@alcyon.example;"Zoé;Petit\n', "quotation mark on line 2 is never closed"),
    ],
)
def test_a_file_that_is_no_such_list_gets_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(AccountError) as caught:
        read(text)
    assert reason in str(caught.value)


def test_files_have_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.imports.people.MAX_ROWS", 2)
    rows = "".join(f"p{n}@alcyon.example;P;Q;;;;\n" for n in range(3))
    with pytest.raises(AccountError, match="more than 2 people"):
        read(HEAD + rows)
    with pytest.raises(AccountError, match="larger than 1 MB"):
        decode(b"x" * 1_000_001)


def test_excel_and_commas_are_read() -> None:
    assert decode("﻿é".encode()) == "é"
    assert decode("é".encode("cp1252")) == "é"
    assert len(read("Email,First_Name,Last_Name\r\nzoe@alcyon.example,Zoé,Petit\r\n").new) == 1


ZOE = "zoe@alcyon.example;Zoé;Petit;;;;\n"
NAMES = "email;first_name;last_name\nzoe@alcyon.example;Zoé;Petit\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_files_as_spreadsheets_write_them(encoding: str, end: str) -> None:
    [line] = read(decode(NAMES.replace("\n", end).encode(encoding))).new
    assert (line.name, line.number) == ("Zoé Petit", 2)


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
    for again in (text, decode(text.encode())):
        [line] = read(again).lines
        assert (line.error, line.email, line.name) == ("", "zoe@alcyon.example", "Zoé Petit")


def test_one_wrong_byte_is_told_of_its_line_and_leaves_the_others() -> None:
    raw = (HEAD + ZOE + "ana@alcyon.example;Ana;Béraud;;;;\n").encode().replace("Béraud".encode(), b"B\xe9raud")
    good, bad = read(decode(raw)).lines
    assert (good.name, good.error) == ("Zoé Petit", "")
    assert bad.number == 3
    assert "cannot be read" in bad.error


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_more_wrong_bytes_than_accents_make_no_mojibake_either(mark: bytes) -> None:
    names = ["Zoé", "L\xffa", "N\xffmi", "Ana"]
    text = HEAD + "".join(f"p{n}@alcyon.example;{name};Petit;;;;\n" for n, name in enumerate(names))
    lines = read(decode(mark + text.encode().replace("\xff".encode(), b"\xe9"))).lines
    assert [bool(line.error) for line in lines] == [False, True, True, False]
    assert lines[0].name == "Zoé Petit"


def test_a_file_that_begins_as_utf8_is_utf8() -> None:
    [line] = read(decode(b"\xef\xbb\xbf" + (HEAD + "a@b.example;Zo?;Petit;;;;\n").encode().replace(b"?", b"\xe9"))).lines
    assert "cannot be read" in line.error


def test_a_letter_that_was_lost_before_is_not_made_into_others() -> None:
    [line] = read(decode((HEAD + "a@b.example;Ren\ufffd;Petit;;;;\n").encode())).lines
    assert (line.name, "cannot be read" in line.error) == ("Ren\ufffd Petit", True)


def test_a_whole_file_in_the_old_encoding_keeps_its_capitals_and_signs() -> None:
    text = HEAD + "a@b.example;ANDRÉ\xa0;«\xa0L’Écuyer\xa0»;;;;\nb@b.example;Jérôme;Œuvré;;;;\n"
    assert [line.name for line in read(decode(text.encode("cp1252"))).lines] == [
        "ANDRÉ «\xa0L’Écuyer\xa0»".replace("\xa0", " "),
        "Jérôme Œuvré",
    ]


def test_codes_hold_nothing_that_cannot_be_seen() -> None:
    entity = EntityFactory(code="sante")
    [line] = read(HEAD + "a@b.example;Zoé;Petit;\u200bsante\xa0;;;\n").lines
    assert (line.error, line.values["entity"]) == ("", entity)


def test_a_single_letter_in_the_old_encoding_is_that_letter() -> None:
    raw = (HEAD + "zoe@alcyon.example;Zoé;Petit;;;;\n").encode("cp1252")
    assert read(decode(raw)).new[0].name == "Zoé Petit"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + ZOE + 'a@b.example;"Ana;Roux\nb@b.example;B;C\n', "quotation mark on line 3 is never closed"),
        (HEAD + 'a@b.example;"An"a;Roux\n', "On line 2, something follows a closing quotation mark"),
        ("sep=;\n\n" + HEAD + 'a@b.example;"An"a;Roux\n', "On line 4, something follows"),
        (HEAD + f"a@b.example;{'x' * 140_000};Roux\n", "A cell on line 2 is far too long"),
        ("\n\n", "Missing: email"),
        ("sep=;", "Missing: email"),
    ],
)
def test_what_is_wrong_with_the_file_is_a_sentence_with_its_line(text: str, words: str) -> None:
    with pytest.raises(AccountError) as caught:
        read(text)
    assert words in str(caught.value)
    assert "unexpected" not in str(caught.value)


def test_lines_are_counted_as_a_person_counts_them() -> None:
    text = "sep=;\n" + HEAD + 'zoe@alcyon.example;"Zoé\nMarie";Petit;;;;\n\nbad;A;B;;;;\n'
    good, bad = read(text).lines
    assert (good.number, good.name) == (3, "Zoé Marie Petit")
    assert bad.number == 6


@pytest.mark.parametrize(
    ("raw", "words"), [(b"PK\x03\x04rest", "workbook"), (b"\xd0\xcf\x11\xe0rest", "workbook"), (b"%PDF-1.7", "PDF")]
)
def test_a_file_of_another_kind_says_what_it_is(raw: bytes, words: str) -> None:
    with pytest.raises(AccountError, match=words):
        decode(raw)


def test_a_thousand_lines_take_as_many_questions_as_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for count in (1, 1000):
        text = HEAD + "".join(f"p{n}@alcyon.example;P;Q;;;;\n" for n in range(count))
        with django_assert_num_queries(5):
            assert len(read(text).new) == count


def test_roles_and_closed_accounts_stay_as_they_are() -> None:
    entity = EntityFactory(code="alcyon-sante")
    UserFactory(email="closed@alcyon.example", first_name="Old", last_name="Name", is_active=False)
    import_people(text=HEAD + "closed@alcyon.example;Old;Name;alcyon-sante;;;\n", actor=UserFactory())
    user = User.objects.get(email="closed@alcyon.example")
    assert (user.entity, user.is_active) == (entity, False)


def test_a_closed_account_does_not_get_the_name_of_who_has_its_address_now() -> None:
    UserFactory(email="closed@alcyon.example", first_name="Old", last_name="Name", is_active=False)
    with pytest.raises(ImportRefused) as refusal:
        import_people(text=HEAD + "closed@alcyon.example;New;Name;;;;\n", actor=UserFactory())
    assert "closed account of Old Name" in refusal.value.preview.errors[0].error
    assert User.objects.get(email="closed@alcyon.example").first_name == "Old"


# Pages -----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory(permissions=["accounts.see_people", "accounts.manage_people"]))
    return client


def upload(client: Client, text: str) -> str:
    file = SimpleUploadedFile("people.csv", text.encode(), content_type="text/csv")
    return str(client.post("/staff/people/import/", {"file": file}).content.decode())


def test_looking_changes_nothing_then_applying_does(staff: Client) -> None:
    text = HEAD + "zoe@alcyon.example;Zoé;Petit;;;;\n"
    page = upload(staff, text)
    assert "Zoé Petit" in page
    assert not User.objects.filter(email="zoe@alcyon.example").exists()
    staff.post("/staff/people/import/apply/", {"text": text})
    assert User.objects.filter(email="zoe@alcyon.example").exists()


def test_errors_are_shown_by_line_and_nothing_can_be_applied(staff: Client) -> None:
    text = HEAD + "zoe@alcyon.example;Zoé;Petit;nowhere;;;\n"
    page = upload(staff, text)
    assert "There is no entity “nowhere”" in page
    assert 'name="text"' not in page
    refused = staff.post("/staff/people/import/apply/", {"text": text})
    assert refused.status_code == 422
    assert not User.objects.filter(email="zoe@alcyon.example").exists()


def test_no_file_and_no_list_get_a_sentence(staff: Client) -> None:
    assert "Choose a file." in staff.post("/staff/people/import/").content.decode()
    assert "Missing: email" in upload(staff, "hello")
    assert "Missing: email" in staff.post("/staff/people/import/apply/", {"text": "x"}, follow=True).content.decode()
