from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import search
from apps.core.search import Hit, Partial, Source
from tests.factories.accounts import UserFactory
from tests.factories.learning import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry() -> Iterator[dict[str, Source]]:
    """The registered sources, put back afterwards."""
    kept = dict(search._sources)
    yield search._sources
    search._sources.clear()
    search._sources.update(kept)


def test_it_proposes_places_and_finds_them_without_accents_or_case(client: Client) -> None:
    client.force_login(UserFactory(language="en"))
    assert 'href="/"' in client.get("/palette/").content.decode()
    page = client.get("/palette/", {"q": "  HÔME "}).content.decode()
    assert 'href="/"' in page
    assert "/staff/" not in page


@pytest.mark.parametrize(("text", "address"), [("compte", "/account/"), ("charte", "/access/charter/")])
def test_it_finds_ones_own_things(client: Client, text: str, address: str) -> None:
    client.force_login(UserFactory(language="fr"))
    assert f'href="{address}"' in client.get("/palette/", {"q": text}).content.decode()


def test_the_staff_area_is_found_by_staff(client: Client) -> None:
    client.force_login(UserFactory(language="en", permissions=["core.read_audit"]))
    assert 'href="/staff/audit/"' in client.get("/palette/", {"q": "audit"}).content.decode()


def test_what_finds_nothing_says_so_and_escapes_what_was_typed(client: Client) -> None:
    client.force_login(UserFactory(language="en"))
    page = client.get("/palette/", {"q": "<b>zzz" * 200}).content.decode()
    assert "Nothing found" in page
    assert "<b>" not in page
    assert len(page) < 2000


def test_a_source_that_fails_does_not_take_the_others_along(
    client: Client, registry: dict[str, Source], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(user: User, text: str, limit: int) -> list[Hit]:
        raise RuntimeError("no")

    search.declare(Source("broken", "Broken", broken, order=1, when_empty=True))
    client.force_login(UserFactory())
    assert 'href="/"' in client.get("/palette/").content.decode()
    assert "broken" in caplog.text


def test_a_source_that_did_not_look_everywhere_says_so(client: Client, registry: dict[str, Source]) -> None:
    note = "Only your last 3 things were searched."
    search.declare(Source("some", "Some things", lambda user, text, limit: Partial([Hit("Zzz 1", "/a/")], note)))
    search.declare(Source("none", "No things", lambda user, text, limit: Partial([], f"{note} None there.")))
    client.force_login(UserFactory(language="en"))
    page = client.get("/palette/", {"q": "zzz"}).content.decode()
    assert page.index("Zzz 1") < page.index(f'<p class="palette__note">{note}</p>')
    assert "Nothing found" not in page
    del registry["some"]
    page = client.get("/palette/", {"q": "zzz"}).content.decode()
    assert page.index("Nothing found") < page.index(f"{note} None there.")


def test_a_code_is_declared_once(registry: dict[str, Source]) -> None:
    with pytest.raises(ValueError, match="twice"):
        search.declare(registry["places"])


def test_it_asks_for_sign_in(client: Client) -> None:
    assert client.get("/palette/", {"q": "x"}).status_code == 302
    assert client.get("/palette/", headers={"HX-Request": "true"}).status_code == 401


def test_courses_and_lessons_are_found(client: Client) -> None:
    publish(code="asking")
    client.force_login(UserFactory(language="en"))
    assert 'href="/learn/courses/asking/"' in client.get("/palette/", {"q": "asking"}).content.decode()
    page = client.get("/palette/", {"q": "THRÉE less"}).content.decode()
    assert 'href="/learn/courses/asking/lessons/three/"' in page
