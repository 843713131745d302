"""The static files as they are served."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from apps.core.storage import EVERY_PAGE, StaticStorage

ROOT = Path(settings.BASE_DIR, "static")
GATHERED = ["css/**/*.css", "img/*.svg", "vendor/fonts/*.woff2"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> StaticStorage:
    """Return a folder in which the style sheets, and what they need, are collected."""
    storage, source = StaticStorage(location=tmp_path_factory.mktemp("static")), FileSystemStorage(location=ROOT)
    names = [str(path.relative_to(ROOT)) for pattern in GATHERED for path in ROOT.glob(pattern)]
    for name in names:
        with source.open(name) as file:
            storage.save(name, file)
    for name, _hashed, done in storage.post_process({name: (source, name) for name in names}):
        assert not isinstance(done, Exception), (name, done)
    return storage


def text_of(storage: StaticStorage, name: str) -> str:
    return Path(storage.path(storage.stored_name(name))).read_text()


def test_the_sheet_of_every_page_imports_nothing(served: StaticStorage) -> None:
    assert "@import" not in text_of(served, EVERY_PAGE)


def test_it_holds_what_it_imported_in_the_same_layers_and_order(served: StaticStorage) -> None:
    imports = re.findall(r'@import url\("(.+?)"\) layer\((\w+)\);', (ROOT / EVERY_PAGE).read_text())
    rest = text_of(served, EVERY_PAGE)
    assert len(imports) > 10
    for name, layer in imports:
        content = (ROOT / "css" / name).read_text()
        # What follows the last address in it is as it was written.
        before, found, rest = rest.partition(f"{content.rpartition('url(')[2].partition(';')[2] or content}}}\n")
        assert found, f"{name} is missing, or comes too early"
        assert f"@layer {layer} {{" in before


def test_every_address_in_it_leads_to_a_file(served: StaticStorage) -> None:
    sheet = Path(served.path(served.stored_name(EVERY_PAGE)))
    addresses = re.findall(r'url\("?([^")]+)"?\)', sheet.read_text())
    assert len(addresses) > 8
    for address in addresses:
        assert (sheet.parent / address).resolve().is_file(), address
