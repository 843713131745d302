"""`import_courses` and `load_content`: check, compare, publish in one transaction; a bad file changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.access.models import Charter, Requirement, Training
from apps.core.models import AuditEntry
from apps.learning.models import Course, CourseVersion, Lesson, Question
from tests.factories.access import RequirementFactory

from .course_files import change, lesson, write_content, write_course

pytestmark = pytest.mark.django_db
GREEN_FR = "modules/01-leaves/01-green.fr.md"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_content(tmp_path)


def load(content: Path) -> None:
    call_command("load_content", content)


def import_(content: Path, **options: Any) -> None:
    call_command("import_courses", content / "courses", **{"yes": True, **options})


def test_everything_is_published_with_its_trail(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(content)
    course = Course.objects.get()
    assert (course.published.number, course.published.revision) == ("1.0", 1)
    assert Training.objects.get().title_en == "Tea"
    assert Charter.objects.get().title_fr == "Charte"
    asked = Requirement.objects.order_by("charter").values_list("capability", "training", "min_major", "charter")
    assert list(asked) == [("chat.use", "tea", 1, False), ("chat.use", None, 1, True)]
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {"learning.publish_course", "access.define_training", "access.publish_charter", "access.add_requirement"}
    assert "tea 1.0 (new)" in capsys.readouterr().out


def test_loading_again_changes_nothing(content: Path) -> None:
    load(content)
    before = AuditEntry.objects.count()
    load(content)
    import_(content)
    assert (AuditEntry.objects.count(), CourseVersion.objects.count()) == (before, 1)


def test_unchanged_courses_are_not_read_again(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(content)

    def read(*args: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("apps.learning.importing.courses._read_course", read)
    load(content)


def test_requirements_that_staff_set_stay(content: Path) -> None:
    mine = RequirementFactory(capability="chat.use")
    load(content)
    assert list(Requirement.objects.all()) == [mine]


def test_one_bad_file_and_nothing_is_changed(content: Path) -> None:
    load(content)
    change(content / "courses/tea" / GREEN_FR, "Some words.", "Other words.")
    change(content / "courses/tea/questions.yaml", "kind: single", "kind: guess")
    with pytest.raises(CommandError, match=r"questions\.yaml:5: “guess” is not one of.*\n1 problem; nothing was changed"):
        load(content)
    with pytest.raises(CommandError, match="nothing was changed"):
        import_(content)
    assert Lesson.objects.get(code="green").body_fr == "Some words.\n"
    assert CourseVersion.objects.count() == 1


def test_a_failure_while_publishing_leaves_nothing_behind(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = write_course(content / "courses" / "..")
    second.rename(content / "courses" / "zen")
    change(content / "courses/zen/course.yaml", "id: tea", "id: zen")

    def fail(*args: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("apps.learning.services.publishing.publish_charter", lambda **kwargs: fail())
    with pytest.raises(RuntimeError):
        load(content)
    assert not Course.objects.exists()
    assert not Training.objects.exists()


def test_check_only_shows(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_(content, check=True, yes=False)
    assert not Course.objects.exists()
    assert "tea 1.0 (new)" in capsys.readouterr().out


def test_without_yes_it_asks(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="Add --yes"):
        import_(content, yes=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    with pytest.raises(CommandError, match="Nothing was changed"):
        import_(content, yes=False)
    assert not Course.objects.exists()
    monkeypatch.setattr("builtins.input", lambda question: "y")
    import_(content, yes=False)
    assert Course.objects.exists()


def test_the_difference_is_told(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(content)
    course = content / "courses/tea"
    change(course / "course.yaml", '"1.0"', '"1.1"')
    for language, title in (("fr", "Blanc"), ("en", "White")):
        (course / f"modules/01-leaves/02-white.{language}.md").write_text(lesson("white", title))
    change(course / "questions.yaml", '"Feuille ?"', '"Une feuille ?"')
    capsys.readouterr()
    import_(content)
    out = capsys.readouterr().out
    for line in ("tea 1.0 → 1.1", "+ lesson white", "~ question q-leaf", "~ order of the lessons", "~ version 1.0 → 1.1"):
        assert line in out


def test_a_charter_with_another_text_needs_another_version(content: Path) -> None:
    load(content)
    change(content / "charter/1.fr.md", "Words.", "Other words.")
    with pytest.raises(CommandError, match=r"1\.fr\.md:1: charter 1 is published with another text"):
        load(content)


@pytest.mark.parametrize(
    ("version", "extra", "refused"),
    [
        ("0.9", "", "a version is written"),
        ("1.0", "", "more than its wording changes: raise the version to 1.1"),
        ("1.1", "", None),
        ("2.0", "", "a new major version asks learners to take the course again"),
        ("2.0", "\nredo_by: 2027-06-30", None),
        ("3.0", "\nredo_by: 2027-06-30", "the next major version is 2.0"),
    ],
)
def test_version_rules(content: Path, version: str, extra: str, refused: str | None) -> None:
    load(content)
    change(content / "courses/tea/course.yaml", '"1.0"', f'"{version}"{extra}')
    change(content / "courses/tea/course.yaml", "pass_mark: 50", "pass_mark: 60")
    if refused is None:
        import_(content)
        assert Course.objects.get().published.number == version
        return
    with pytest.raises(CommandError, match=refused):
        import_(content)
    assert Course.objects.get().published.pass_mark == 50


def test_going_back_is_refused(content: Path) -> None:
    change(content / "courses/tea/course.yaml", '"1.0"', '"1.3"')
    load(content)
    change(content / "courses/tea/course.yaml", '"1.3"', '"1.2"')
    with pytest.raises(CommandError, match=r"course\.yaml:2: version 1\.3 is published: 1\.2 would go back"):
        load(content)


def test_a_new_wording_is_a_revision(content: Path) -> None:
    load(content)
    change(content / "courses/tea" / GREEN_FR, "Some words.", "Better words.")
    change(content / "courses/tea/questions.yaml", '"Feuille ?"', '"Une feuille ?"')
    load(content)
    course = Course.objects.get()
    assert (course.published.number, course.published.revision) == ("1.0", 2)
    assert Lesson.objects.get(code="green").body_fr == "Better words.\n"
    versions = Question.objects.filter(code="q-leaf").order_by("number").values_list("number", "is_current")
    assert list(versions) == [(1, False), (2, True)]
    assert Question.objects.filter(code="q-water").count() == 1
