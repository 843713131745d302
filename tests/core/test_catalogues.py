"""Compiled catalogues are made from their sources when these change, and Almia does not start without them."""

from __future__ import annotations

import gettext
import os
from pathlib import Path
from typing import Any

import pytest

from apps.core import catalogues
from apps.core.checks import catalogues_are_compiled

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n > 1);\\n"\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "apps" / "one" / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(f'{HEADER}\nmsgid "Key"\nmsgstr "Clé"\n\nmsgid "one"\nmsgid_plural "many"\nmsgstr[0] "un"\nmsgstr[1] "des"\n')
    return path


def compiled(source: Path) -> gettext.GNUTranslations:
    with source.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_what_is_compiled_says_what_the_source_says(tmp_path: Path, source: Path) -> None:
    assert catalogues.compile_behind(catalogues.folders(tmp_path)) == [source]
    translations = compiled(source)
    assert translations.gettext("Key") == "Clé"
    assert [translations.ngettext("one", "many", number) for number in (0, 1, 2)] == ["un", "un", "des"]
    assert [path.name for path in source.parent.iterdir() if path != source] == ["django.mo"]


def test_only_what_changed_is_compiled_again(tmp_path: Path, source: Path) -> None:
    places = catalogues.folders(tmp_path)
    catalogues.compile_behind(places)
    assert catalogues.compile_behind(places) == []
    source.write_text(source.read_text().replace("Clé", "Clef"))
    later = source.with_suffix(".mo").stat().st_mtime_ns + 1
    os.utime(source, ns=(later, later))
    assert catalogues.compile_behind(places) == [source]
    assert compiled(source).gettext("Key") == "Clef"


def test_what_has_no_source_any_more_goes(tmp_path: Path, source: Path) -> None:
    catalogues.compile_behind(catalogues.folders(tmp_path))
    source.unlink()
    catalogues.compile_behind(catalogues.folders(tmp_path))
    assert not source.with_suffix(".mo").exists()


def test_nothing_starts_before_the_catalogues_are_compiled(tmp_path: Path, source: Path, settings: Any) -> None:
    settings.LOCALE_PATHS = catalogues.folders(tmp_path)
    [error] = catalogues_are_compiled(None)
    assert error.is_serious()
    assert str(source) in error.msg
    catalogues.compile_behind(settings.LOCALE_PATHS)
    assert catalogues_are_compiled(None) == []
