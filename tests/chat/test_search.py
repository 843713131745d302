from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from apps.access.models import Award
from apps.accounts.models import User
from apps.chat import search
from apps.chat.models import Conversation
from apps.chat.search import find_conversations
from apps.core.crypto import destroy_owner_key, new_data_key
from apps.core.search import Hit, Partial
from tests.factories.access import entitled_user

pytestmark = pytest.mark.django_db


def labels(found: list[Hit] | Partial) -> list[str]:
    return [hit.label for hit in (found.hits if isinstance(found, Partial) else found)]


def test_conversations_are_found_only_by_their_owner_while_the_chat_is_open(django_assert_num_queries: Any) -> None:
    owner, other = entitled_user("chat.use"), entitled_user("chat.use")
    for title in ("Congés d’été", "Lettre de relance", "Relance n° 2"):
        _converse(owner, title)
    with django_assert_num_queries(3):  # the right, the conversations, the person's key
        assert labels(find_conversations(owner, "relance", 5)) == ["Relance n° 2", "Lettre de relance"]
    assert labels(find_conversations(owner, "conges D'ETE", 5)) == ["Congés d’été"]
    assert len(labels(find_conversations(owner, "", 2))) == 2
    assert find_conversations(other, "relance", 5) == []
    Award.objects.filter(user=owner).update(revoked_at=timezone.now(), revoke_reason="test")
    assert find_conversations(owner, "relance", 5) == []


@pytest.fixture
def owner() -> User:
    """Somebody with five conversations, number 5 the latest."""
    person = entitled_user("chat.use")
    for number in range(1, 6):
        _converse(person, f"Relance n° {number}")
    return person


def test_it_stops_at_as_many_as_are_shown_and_has_nothing_to_confess(owner: User) -> None:
    found = find_conversations(owner, "relance", 2)
    assert isinstance(found, list)
    assert labels(found) == ["Relance n° 5", "Relance n° 4"]


def test_older_conversations_than_are_looked_at_are_told(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST", 5)
    assert isinstance(find_conversations(owner, "n° 1", 6), list)
    monkeypatch.setattr(search, "MOST", 3)
    found = find_conversations(owner, "n° 1", 6)
    assert found == Partial([], "Only your last 3 conversations were searched.")
    assert labels(find_conversations(owner, "n° 3", 6)) == ["Relance n° 3"]


def test_time_that_is_up_is_told_and_one_title_at_least_is_looked_at(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr("apps.chat.search.time.monotonic", lambda: next(ticks) * search.SECONDS * 2)
    found = find_conversations(owner, "n° 5", 6)
    assert isinstance(found, Partial)
    assert (labels(found), found.note) == (["Relance n° 5"], "Only your last conversation was searched.")


def test_nothing_that_was_opened_is_kept(owner: User) -> None:
    assert labels(find_conversations(owner, "relance", 1)) == ["Relance n° 5"]
    destroy_owner_key(owner_id=owner.pk)
    assert find_conversations(owner, "relance", 1) == []


def _converse(owner: User, title: str) -> None:
    conversation = Conversation(owner=owner, data_key=new_data_key(owner.pk), target="almia-standard")
    Conversation.title.write(conversation, conversation.seal(), title)
    conversation.save(force_insert=True)
