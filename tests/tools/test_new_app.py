"""`python -m tools.new_app` makes an app that passes its own tests and the project's; what it cannot make, it refuses as a
whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.contract import ROOT
from tools.new_app import Names, Refused, names_of, write

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "staticfiles", "node_modules", ".*_cache", "__pycache__", "artifacts")
HELD_BY = ["docs", "files", "layers", "one_way", "services", "trail"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout that may be changed."""
    return Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=LEFT_OUT))


@pytest.mark.parametrize(
    ("app", "one", "expected"),
    [
        ("ideas", "", Names("ideas", "idea")),
        ("news", "news_item", Names("news", "news_item")),
        ("field_notes", "", Names("field_notes", "field_note")),
    ],
)
def test_one_is_the_name_less_its_s_unless_told(app: str, one: str, expected: Names) -> None:
    assert names_of(app, one) == expected


@pytest.mark.parametrize(
    ("app", "one", "said"),
    [
        ("Ideas", "", "no name of a module"),
        ("2ideas", "", "no name of a module"),
        ("field-notes", "", "no name of a module"),
        ("ideas", "class", "no name of a module"),
        ("hardware", "", "--one hardware_item"),
        ("staff", "member", "means something else"),
        ("calendar", "entry", "means something else"),
        ("a" * 30 + "s", "", "too long"),
    ],
)
def test_a_name_that_will_not_do_is_refused(app: str, one: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        names_of(app, one)


def test_words_are_those_of_the_new_app() -> None:
    names = Names("field_notes", "field_note")
    assert names.replaced('class Widget: "widgets:index"') == 'class FieldNote: "field_notes:index"'
    assert names.said("The widgets you see") == "The field notes you see"
    assert Names("ideas", "idea").said("Write down a widget, a Widget.") == "Write down an idea, an Idea."


def test_an_app_that_is_there_is_left_alone() -> None:
    with pytest.raises(Refused, match="already"):
        write(ROOT, Names("chat", "message"))


def test_nothing_is_written_where_a_place_is_missing(tmp_path: Path) -> None:
    (tmp_path / "almia" / "settings").mkdir(parents=True)
    (tmp_path / "almia" / "settings" / "base.py").write_text("INSTALLED_APPS = []\n")
    with pytest.raises(Refused, match="has not one place"):
        write(tmp_path, Names("ideas", "idea"))
    assert not (tmp_path / "apps").exists()


@pytest.mark.timeout(300)
def test_what_it_makes_passes_every_check(checkout: Path) -> None:
    def run(*command: str) -> None:
        done = subprocess.run([sys.executable, "-m", *command], cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    run("tools.new_app", "news", "--one", "news_item")
    assert "widget" not in "".join(path.read_text().lower() for path in (checkout / "apps/news").rglob("*.py"))
    run("tools.check", "lint", "format", "layers", "templates", "translations", "drawing", "migrations")
    run("mypy", "apps/news", "tests/news", "tests/factories/news.py", "tests/api/test_doors.py")
    held_by = [f"tests/architecture/test_{name}.py" for name in HELD_BY]
    run("pytest", "-p", "no:xdist", "tests/news", "tests/api/test_doors.py", *held_by)
