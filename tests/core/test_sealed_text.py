"""A column of encrypted text: its values open in their own row and column only."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.chat.models import Conversation, Message, Run
from apps.core import crypto
from apps.gateway.models import Provider
from apps.learning.models import PracticeTry
from tests.factories.chat import add_message, make_conversation

pytestmark = pytest.mark.django_db


def test_what_is_written_is_read_and_stored_closed(person: User) -> None:
    message = add_message(make_conversation(person), "Hello")
    seal = message.conversation.seal()
    Message.text.write(message, seal, "Un sinistre à déclarer")
    message.save()
    stored = Message.objects.get(pk=message.pk)
    assert b"sinistre" not in bytes(stored.text)
    assert Message.text.read(stored, seal) == "Un sinistre à déclarer"


def test_a_value_opens_in_its_own_row_and_column_only(person: User) -> None:
    one = add_message(make_conversation(person), "One")
    other = add_message(one.conversation, "Other")
    seal = one.conversation.seal()
    with pytest.raises(crypto.Tampered):
        Message.text.open(seal, one.text, key=other.pk)
    with pytest.raises(crypto.Tampered):
        Run.text.open(seal, one.text, key=one.pk)
    assert Message.text.open(seal, one.text, key=one.pk) == "One"


def test_nothing_is_stored_as_nothing(person: User) -> None:
    message = add_message(make_conversation(person), "Hello")
    seal = message.conversation.seal()
    assert Run.text.close(seal, "", key=message.pk) == b""
    assert Run.text.open(seal, b"", key=message.pk) == ""
    assert Provider.sealed_api_key.open(seal, None, key=message.pk) == ""


def test_places_are_those_that_values_were_written_under() -> None:
    """Whoever renames a table or a column makes the stored text unreadable: `place=` keeps the old name."""
    columns = [Conversation.title, Message.text, Run.text, PracticeTry.prompt, PracticeTry.answer, Provider.sealed_api_key]
    assert [".".join(column.field.place.values()) for column in columns] == [
        "chat_conversation.title",
        "chat_message.text",
        "chat_run.text",
        "learning_practicetry.prompt",
        "learning_practicetry.answer",
        "gateway_provider.sealed_api_key",
    ]


def test_a_place_may_be_given() -> None:
    field = crypto.SealedText(place=("old_table", "old_column"))
    assert field.place == {"table": "old_table", "column": "old_column"}
    assert field.clone().given_place is None  # migrations know bytes, and no place
