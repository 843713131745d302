"""Conversations as trees: edits and further answers keep what was there."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.chat import queries, services
from apps.chat.models import Conversation, Message, Run
from apps.core.ids import uuid7
from apps.core.missing import NotThere
from apps.core.models import AuditEntry
from apps.core.refusals import Refusal
from apps.gateway.answers import LOST_AFTER
from apps.gateway.enums import AnswerState
from tests.factories.access import RequirementFactory, entitled_user
from tests.factories.accounts import UserFactory
from tests.factories.chat import add_message, add_run, make_conversation, make_model
from tests.pages import markup

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    make_model()
    return entitled_user("chat.use")


@pytest.fixture
def browser(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


def texts(conversation: Conversation) -> list[tuple[str, str]]:
    conversation.refresh_from_db()
    return [(turn.text, turn.answer) for turn in queries.branch(conversation, conversation.seal())]


def test_an_edit_is_a_branch_and_the_way_back_stays(user: User) -> None:
    conversation = make_conversation(user, ("un", "1"), ("deux", "2"))
    first, second = queries.branch(conversation, conversation.seal())
    services.edit_message(user=user, message_id=first.message.pk, text="uno")
    assert texts(conversation) == [("uno", "")]
    Run.objects.filter(state=AnswerState.STREAMING).update(state=AnswerState.DONE, ended_at=conversation.created_at)
    services.choose_message(user=user, message_id=first.message.pk)
    assert texts(conversation) == [("un", "1"), ("deux", "2")]
    assert second.run is not None
    assert conversation.head_id == second.run.pk
    turn = queries.branch(conversation, conversation.seal())[0]
    choice = turn.version_choice
    assert (choice.number, choice.total, choice.previous, choice.next) == (1, 2, None, turn.versions[1])


def test_another_answer_is_a_branch_too(user: User) -> None:
    conversation = make_conversation(user, ("un", "1"))
    assert conversation.head is not None
    old = conversation.head
    started = services.regenerate(user=user, run_id=old.pk)
    assert started.run.message_id == old.message_id
    assert texts(conversation) == [("un", "")]
    Run.objects.filter(pk=started.run.pk).update(state=AnswerState.DONE, ended_at=conversation.created_at)
    services.choose_run(user=user, run_id=old.pk)
    assert texts(conversation) == [("un", "1")]


def test_a_turn_in_the_middle_of_an_answer_is_refused_and_stores_nothing(user: User) -> None:
    conversation = make_conversation(user)
    add_run(conversation, add_message(conversation, "un"), state=AnswerState.STREAMING)
    with pytest.raises(Refusal) as caught:
        services.start_turn(user=user, text="deux", conversation_id=conversation.pk)
    assert caught.value.code == "busy"
    assert Message.objects.count() == 1


def test_three_answers_at_once_whatever_process_writes_them(user: User) -> None:
    # None of these runs executes here: they were sent at the same time, or to other processes.
    for _ in range(services.MAX_AT_ONCE):
        services.start_turn(user=user, text="encore")
    with pytest.raises(Refusal) as caught:
        services.start_turn(user=user, text="encore")
    assert caught.value.code == "too_many_runs"
    assert Conversation.objects.count() == services.MAX_AT_ONCE
    # Runs whose process died do not count.
    Run.objects.update(heartbeat_at=timezone.now() - LOST_AFTER - timedelta(seconds=1))
    assert services.start_turn(user=user, text="encore").run.state == AnswerState.STREAMING


def test_a_first_message_sent_twice_begins_one_conversation(user: User) -> None:
    known = uuid7()
    first = services.start_turn(user=user, text="Bonjour", message_id=known)
    again = services.start_turn(user=user, text="Bonjour", message_id=known)
    assert (again.conversation.pk, again.run.pk) == (first.conversation.pk, first.run.pk)
    assert Conversation.objects.count() == 1


def test_the_id_of_a_foreign_message_cannot_begin_a_conversation(user: User) -> None:
    theirs = make_conversation(UserFactory(), ("un", "1"))
    with pytest.raises(NotThere):
        services.start_turn(user=user, text="Bonjour", message_id=theirs.messages.get().pk)
    assert not Conversation.objects.filter(owner=user).exists()


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), (" \n ", "empty"), ("x" * 60_001, "too_long"), ("x" * 50_000, "too_long")]
)
def test_a_message_that_cannot_be_sent_is_refused_before_anything_is_stored(user: User, text: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        services.start_turn(user=user, text=text)
    assert caught.value.code == code
    assert not Conversation.objects.exists()


def test_a_message_id_of_another_conversation_starts_nothing(user: User) -> None:
    theirs = make_conversation(UserFactory(), ("un", "1"))
    mine = make_conversation(user, ("a", "b"))
    with pytest.raises(NotThere):
        services.start_turn(user=user, text="deux", conversation_id=mine.pk, message_id=theirs.messages.get().pk)
    assert mine.messages.count() == 1


def test_deleting_leaves_nothing_but_a_trace(user: User) -> None:
    conversation = make_conversation(user, ("un", "1"), ("deux", "2"))
    services.delete_conversation(user=user, conversation_id=conversation.pk)
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()
    assert not Run.objects.exists()
    entry = AuditEntry.objects.get(action="chat.delete_conversation")
    assert entry.target == f"chat.Conversation:{conversation.pk}"
    assert "un" not in str(entry.details)


def test_a_new_conversation_takes_its_title_from_its_first_words_and_is_traced(user: User) -> None:
    started = services.start_turn(user=user, text="Rédige une réponse\nà cette réclamation")
    assert Conversation.title.read(started.conversation, started.conversation.seal()) == "Rédige une réponse à cette réclamation"
    assert AuditEntry.objects.filter(action="chat.create_conversation").count() == 1


# Pages ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_number_of_questions(
    browser: Client, user: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        make_conversation(user, *[("un", "1")] * count, title=f"Titre {number}")
    url = reverse("chat:conversation", args=[Conversation.objects.latest("created_at").pk])
    browser.get(url)
    with django_assert_num_queries(PAGE_QUERIES):
        page = browser.get(url)
    assert page.status_code == 200
    assert "Titre" in page.content.decode()


PAGE_QUERIES = 14


def test_the_page_shows_answers_safely(browser: Client, user: User) -> None:
    hostile = (
        "<script>alert(1)</script> ![x](https://evil.example/?q=1) [a](javascript:alert(1))\n\n| a | b |\n|---|---:|\n| 1 | 2 |"
    )
    conversation = make_conversation(user, ("<b>moi</b>", hostile), title="<i>titre</i>")
    page = browser.get(reverse("chat:conversation", args=[conversation.pk])).content.decode()
    assert "<script>alert" not in page
    # The source of an answer, for people who copy it, is text in a <template>: nothing else may contain an image's address.
    sources = re.findall(r"<template data-source>([^<]*)</template>", page)
    assert [unescape(source) for source in sources] == [hostile]
    assert "evil.example" not in page.replace(sources[0], "")
    assert 'href="javascript' not in page
    assert "&lt;b&gt;moi&lt;/b&gt;" in page
    assert "<i>titre</i>" not in page
    assert '<td class="align-right" dir="auto">2</td>' in page


@pytest.mark.parametrize("name", ["conversation", "thread", "rename"])
def test_somebody_elses_conversation_is_not_found(browser: Client, name: str) -> None:
    theirs = make_conversation(UserFactory(), ("un", "1"))
    assert browser.get(reverse(f"chat:{name}", args=[theirs.pk])).status_code == 404
    assert browser.get(reverse(f"chat:{name}", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize(
    ("name", "data"), [("delete", {}), ("rename", {"title": "x"}), ("choose_model", {"target": "almia-standard"})]
)
def test_nothing_can_be_done_to_somebody_elses_conversation(browser: Client, name: str, data: dict[str, str]) -> None:
    theirs = make_conversation(UserFactory(), ("un", "1"))
    assert browser.post(reverse(f"chat:{name}", args=[theirs.pk]), data).status_code == 404
    theirs.refresh_from_db()
    assert Conversation.title.read(theirs, theirs.seal()) == "Titre"


def test_branches_of_others_cannot_be_chosen(browser: Client) -> None:
    theirs = make_conversation(UserFactory(), ("un", "1"))
    assert browser.post(reverse("chat:show_run", args=[theirs.head_id])).status_code == 404
    assert browser.post(reverse("chat:show_message", args=[theirs.messages.get().pk])).status_code == 404


@pytest.mark.parametrize("name", ["new", "conversations"])
def test_without_the_right_pages_are_locked_and_say_why(client: Client, name: str) -> None:
    requirement = RequirementFactory(capability="chat.use")
    client.force_login(UserFactory(language="fr"))
    page = client.get(reverse(f"chat:{name}"))
    assert page.status_code == 403
    assert requirement.training.title_fr in page.content.decode()


def test_get_writes_nothing(browser: Client, user: User) -> None:
    conversation = make_conversation(user, ("un", "1"))
    for name in ("delete", "choose_model"):
        assert browser.get(reverse(f"chat:{name}", args=[conversation.pk])).status_code == 405
    assert browser.get(reverse("chat:start")).status_code == 405
    assert Conversation.objects.count() == 1


def test_a_message_that_cannot_start_a_conversation_is_given_back(browser: Client, settings: Any) -> None:
    page = browser.post(reverse("chat:start"), {"text": "z" * 60_001})
    assert page.status_code == 422
    assert "z" * 60_001 in page.content.decode()
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "No model is ready to answer yet. Ask an administrator"),
        ("fr", "Aucun modèle n’est encore prêt à répondre."),
    ],
)
def test_without_any_model_the_text_comes_back_with_whom_to_turn_to(client: Client, language: str, sentence: str) -> None:
    client.force_login(entitled_user("chat.use", language=language))
    for target in ("", "almia-standard"):
        page = client.post(reverse("chat:start"), {"text": "Rédigez une lettre", "target": target})
        assert page.status_code == 422
        assert sentence in page.content.decode()
        assert "Rédigez une lettre</textarea>" in page.content.decode()
        assert reverse("gateway:models") not in page.content.decode()
    assert not Conversation.objects.exists()


def test_an_unknown_model_is_another_matter(browser: Client) -> None:
    page = browser.post(reverse("chat:start"), {"text": "Rédigez une lettre", "target": "no-such-alias"}).content.decode()
    assert "This model does not exist" in page


def test_who_manages_models_is_led_to_where_one_is_added(client: Client) -> None:
    client.force_login(entitled_user("chat.use", permissions=["gateway.manage_models"]))
    page = markup(client.post(reverse("chat:start"), {"text": "Rédigez une lettre"}))
    assert f'<a href="{reverse("gateway:models")}">Open the models page</a></p>' in page


def test_without_a_key_nothing_is_stored_and_the_text_comes_back(browser: Client, settings: Any, tmp_path: Any) -> None:
    settings.KEY_FILE = tmp_path / "missing.json"
    settings.KEY_FILE_MAY_BE_CREATED = False
    page = browser.post(reverse("chat:start"), {"text": "Gardez ceci"})
    assert page.status_code == 422
    assert "Gardez ceci" in page.content.decode()
    assert not Conversation.objects.exists()


def test_a_title_is_changed_and_a_bad_one_said(browser: Client, user: User) -> None:
    conversation = make_conversation(user, ("un", "1"))
    url = reverse("chat:rename", args=[conversation.pk])
    assert browser.post(url, {"title": "  Plan   de note "}).status_code == 302
    conversation.refresh_from_db()
    assert Conversation.title.read(conversation, conversation.seal()) == "Plan de note"
    refused = browser.post(url, {"title": "x" * 121})
    assert refused.status_code == 422
    assert "x" * 121 in refused.content.decode()


@pytest.mark.parametrize("state", [AnswerState.STREAMING, AnswerState.DONE, AnswerState.STOPPED])
def test_an_ended_answer_can_be_copied_as_it_was_written(browser: Client, user: User, state: AnswerState) -> None:
    written = '7. ~~99 €~~ 79 €\n8. [a](https://a.example "t")\n\n```\n<b>\n```\n'
    conversation = make_conversation(user, ("prix ?", written))
    if state == AnswerState.STREAMING:
        conversation.runs.update(state=state, ended_at=None)
    else:
        conversation.runs.update(state=state)
    page = browser.get(reverse("chat:conversation", args=[conversation.pk])).content.decode()
    sources = re.findall(r"<template data-source>([^<]*)<", page)
    assert [unescape(source) for source in sources] == ([] if state == AnswerState.STREAMING else [written])
