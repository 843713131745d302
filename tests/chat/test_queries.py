"""Reading conversations: the hand-written statements return what the models return."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.chat import queries
from apps.chat.models import Conversation, Run
from apps.gateway.enums import AnswerState
from tests.factories.accounts import UserFactory
from tests.factories.chat import add_message, add_run, make_conversation

pytestmark = pytest.mark.django_db


def a_tree() -> Conversation:
    """A conversation whose second message was edited and whose first was answered twice."""
    conversation = make_conversation(UserFactory(), ("Un", "1"))
    first = conversation.runs.get()
    add_run(conversation, first.message, "1 bis")
    add_run(conversation, add_message(conversation, "Deux", follows=first), "2")
    add_run(conversation, add_message(conversation, "Deux, autrement", follows=first), "")
    add_run(conversation, add_message(conversation, "Trois", follows=conversation.head), "3")
    return conversation


def test_what_was_said_is_the_branch_on_show_wherever_it_ends() -> None:
    conversation = a_tree()
    seal = conversation.seal()
    found = set()
    for run in Run.objects.filter(conversation=conversation):
        conversation.head = run
        said = queries.said(conversation, seal)
        assert said == [(turn.text, turn.answer) for turn in queries.branch(conversation, seal)]
        found.add(tuple(said))
    assert (("Un", "1"), ("Deux, autrement", ""), ("Trois", "3")) in found
    assert len(found) == 5


def test_nothing_was_said_in_a_new_conversation() -> None:
    conversation = make_conversation(UserFactory())
    assert queries.said(conversation, conversation.seal()) == []


def test_what_was_said_is_one_query(django_assert_num_queries: Any) -> None:
    conversation = a_tree()
    seal = conversation.seal()
    with django_assert_num_queries(1):
        queries.said(conversation, seal)


def test_only_living_runs_of_the_person_count_as_being_written() -> None:
    alive = timezone.now() - timedelta(seconds=60)
    mine, others = UserFactory(), UserFactory()
    for owner in (mine, mine, others):
        conversation = make_conversation(owner, ("Un", "1"))
        add_run(conversation, add_message(conversation, "Deux", follows=conversation.head), state=AnswerState.STREAMING)
    assert queries.count_being_written(mine, alive=alive) == 2
    lost = Run.objects.filter(conversation__owner=mine, state=AnswerState.STREAMING).first()
    assert lost is not None
    Run.objects.filter(pk=lost.pk).update(heartbeat_at=alive - timedelta(seconds=1))
    assert queries.count_being_written(mine, alive=alive) == 1
