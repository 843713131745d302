from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.access.models import Award
from apps.accounts.models import User
from apps.chat.models import Conversation
from apps.core import search
from apps.core.crypto import new_data_key
from apps.core.search import Hit, Source
from apps.portal import sources
from tests.factories.access import entitled_user
from tests.factories.accounts import EntityFactory, UserFactory
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


def test_people_are_found_only_by_who_may_see_them(client: Client) -> None:
    someone = UserFactory(first_name="Ondine", last_name="Vasseur", entity=EntityFactory(name="Alcyon Santé"))
    assert sources.find_people(UserFactory(), "ondine", 5) == []
    staff = UserFactory(permissions=["accounts.see_people"])
    hits = sources.find_people(staff, "VÂSS ond", 5)
    assert [(hit.label, hit.meta) for hit in hits] == [("Ondine Vasseur", "Alcyon Santé")]
    assert str(someone.pk) in hits[0].url
    assert sources.find_people(staff, "o", 5) == []  # one letter is not a search


@pytest.mark.parametrize("rows", [1, 3])
def test_people_cost_the_same_with_one_and_three(django_assert_num_queries: Any, rows: int) -> None:
    staff = User.objects.get(pk=UserFactory(permissions=["accounts.see_people"]).pk)
    for _ in range(rows):
        UserFactory(first_name="Ondine", entity=EntityFactory())
    with django_assert_num_queries(3):  # 2 permissions, people
        assert len(sources.find_people(staff, "ondine", 5)) == rows


def test_a_source_that_fails_does_not_take_the_others_along(
    client: Client, registry: dict[str, Source], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(user: User, text: str, limit: int) -> list[Hit]:
        raise RuntimeError("no")

    search.register(Source("broken", "Broken", broken, order=1, when_empty=True))
    client.force_login(UserFactory())
    assert 'href="/"' in client.get("/palette/").content.decode()
    assert "broken" in caplog.text


def test_a_code_is_registered_once(registry: dict[str, Source]) -> None:
    with pytest.raises(ValueError, match="twice"):
        search.register(registry["places"])


def test_it_asks_for_sign_in(client: Client) -> None:
    assert client.get("/palette/", {"q": "x"}).status_code == 302
    assert client.get("/palette/", headers={"HX-Request": "true"}).status_code == 401


def test_courses_and_lessons_are_found(client: Client) -> None:
    publish(code="asking")
    client.force_login(UserFactory(language="en"))
    assert 'href="/learn/courses/asking/"' in client.get("/palette/", {"q": "asking"}).content.decode()
    page = client.get("/palette/", {"q": "THRÉE less"}).content.decode()
    assert 'href="/learn/courses/asking/lessons/three/"' in page


@pytest.mark.parametrize("rows", [1, 3])
def test_courses_cost_the_same_with_one_and_three(django_assert_num_queries: Any, rows: int) -> None:
    for number in range(rows):
        publish(code=f"course-{number}")
    with django_assert_num_queries(2):
        assert len(sources.find_courses(UserFactory.build(), "course", 20)) == rows


def test_conversations_are_found_only_by_their_owner_while_the_chat_is_open(django_assert_num_queries: Any) -> None:
    owner, other = entitled_user("chat.use"), entitled_user("chat.use")
    for title in ("Congés d’été", "Lettre de relance", "Relance n° 2"):
        _converse(owner, title)
    with django_assert_num_queries(3):  # the right, the conversations, the person's key
        assert [hit.label for hit in sources.find_conversations(owner, "relance", 5)] == ["Relance n° 2", "Lettre de relance"]
    assert [hit.label for hit in sources.find_conversations(owner, "conges D'ETE", 5)] == ["Congés d’été"]
    assert len(sources.find_conversations(owner, "", 2)) == 2
    assert sources.find_conversations(other, "relance", 5) == []
    Award.objects.filter(user=owner).update(revoked_at=timezone.now(), revoke_reason="test")
    assert sources.find_conversations(owner, "relance", 5) == []


def _converse(owner: User, title: str) -> None:
    conversation = Conversation(owner=owner, data_key=new_data_key(owner.pk), target="almia-standard")
    Conversation.title.write(conversation, conversation.seal(), title)
    conversation.save(force_insert=True)
