"""What `core.sql` does is what the ORM does."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.chat.models import Conversation, Message, Run
from apps.core import sql
from apps.core.ids import uuid7
from apps.core.missing import NotThere
from apps.gateway.enums import AnswerState
from apps.gateway.models import UsageEntry
from tests.factories.accounts import UserFactory
from tests.factories.chat import make_conversation, make_model

pytestmark = pytest.mark.django_db


def fields_of(instance: models.Model) -> dict[str, Any]:
    found = {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in found.items()}


def an_entry(**changes: Any) -> UsageEntry:
    version = make_model()
    return UsageEntry(
        **{
            "id": uuid7(), "version": version, "purpose": "chat", "reference": "r", "tokens_in": 3, "tokens_out": 4,
            "estimated": True, "price_in": "1.25", "price_out": "2.5", "currency": "EUR", "cost": "0.0000137",
            "started_at": timezone.now(), "outcome": "completed",
        }
        | changes
    )  # fmt: skip


def some_of_each() -> list[models.Model]:
    user = UserFactory(first_name="Zoé", language="fr")
    conversation = make_conversation(user, ("Bonjour", "Bonjour !"), ("Encore", ""))
    entry = an_entry(user=user)
    entry.save()
    return [user, conversation, *Message.objects.all(), *Run.objects.all(), entry]


def test_get_reads_every_field_as_the_orm_does() -> None:
    for stored in some_of_each():
        model = type(stored)
        assert fields_of(sql.get(model, id=stored.pk)) == fields_of(model._default_manager.get(pk=stored.pk))


def test_what_get_returns_can_be_changed_and_saved() -> None:
    user = sql.get(User, id=UserFactory().pk)
    user.first_name = "Inès"
    user.save()
    assert User.objects.get(pk=user.pk).first_name == "Inès"


def test_get_finds_only_what_fits_all_conditions() -> None:
    mine, other = UserFactory(), UserFactory()
    conversation = make_conversation(mine)
    assert sql.get(Conversation, id=conversation.pk, owner=mine.pk) == conversation
    with pytest.raises(NotThere):
        sql.get(Conversation, id=conversation.pk, owner=other.pk)
    with pytest.raises(NotThere):
        sql.get(Conversation, id=uuid.uuid4(), owner=mine.pk)


def test_get_can_lock_in_a_transaction() -> None:
    user = UserFactory()
    with transaction.atomic():
        assert sql.get(User, id=user.pk, lock=True) == user


def test_insert_writes_every_field_as_the_orm_does() -> None:
    user = UserFactory()
    first = an_entry(user=user, error_code="x", first_token_ms=5)
    sql.insert(first)
    assert not first._state.adding
    second = an_entry(user=user, error_code="x", first_token_ms=5, version=first.version, started_at=first.started_at)
    second.save(force_insert=True)
    ours, theirs = (fields_of(UsageEntry.objects.get(pk=entry.pk)) for entry in (first, second))
    ours.pop("id"), theirs.pop("id")
    assert ours == theirs


def test_insert_keeps_nothing_bytes_and_moments() -> None:
    conversation = make_conversation(UserFactory())
    at = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    message = Message(conversation=conversation, text=b"\x00\xff", created_at=at)
    sql.insert(message)
    stored = Message.objects.get(pk=message.pk)
    assert (bytes(stored.text), stored.created_at, stored.follows_id) == (b"\x00\xff", at, None)


def test_insert_obeys_the_constraints() -> None:
    entry = an_entry()
    sql.insert(entry)
    with pytest.raises(IntegrityError), transaction.atomic():
        sql.insert(entry)
    conversation = make_conversation(UserFactory(), ("Bonjour", "Oui"))
    run = Run.objects.get(conversation=conversation)
    ended_without_end = Run(conversation=conversation, message=run.message, version=run.version, state=AnswerState.DONE)
    with pytest.raises(IntegrityError), transaction.atomic():
        sql.insert(ended_without_end)


def test_update_changes_the_rows_that_fit_and_counts_them() -> None:
    conversation = make_conversation(UserFactory(), ("Un", "1"), ("Deux", "2"))
    first, second = conversation.runs.order_by("started_at", "id")
    at = timezone.now() - timedelta(days=2)
    where = {"id": first.pk, "state": AnswerState.DONE}
    assert sql.update(Run, where, state=AnswerState.STOPPED, text=b"", seq=7, ended_at=at, error_code="e", cut_short=True) == 1
    assert sql.update(Run, where, seq=8) == 0
    changed = Run.objects.get(pk=first.pk)
    assert (changed.state, bytes(changed.text), changed.seq, changed.ended_at) == (AnswerState.STOPPED, b"", 7, at)
    assert (changed.error_code, changed.cut_short) == ("e", True)
    assert fields_of(Run.objects.get(pk=second.pk)) == fields_of(second)
    assert sql.update(Run, {"conversation": conversation.pk}, stop_asked_at=None) == 2


def test_fetch_takes_values_of_every_kind() -> None:
    user = UserFactory(first_name="L'Haÿ; DROP TABLE accounts_user --")
    [(key, name)] = sql.fetch(
        "SELECT id, first_name FROM accounts_user WHERE id = %(id)s AND first_name = %(name)s AND joined_at < %(now)s",
        id=user.pk,
        name=user.first_name,
        now=timezone.now() + timedelta(seconds=1),
    )
    assert (sql.as_uuid(key), name) == (user.pk, user.first_name)
    assert sql.fetch("SELECT id FROM accounts_user WHERE joined_at > %(now)s", now=timezone.now()) == []


def test_many_rows_are_what_the_orm_would_have_written() -> None:
    entry = an_entry(user=UserFactory())
    names = [field.attname for field in UsageEntry._meta.concrete_fields]
    rows = []
    for _ in range(3):
        entry.id = uuid7()
        rows.append([getattr(entry, name) for name in names])
    assert sql.insert_many(UsageEntry, names, rows) == 3
    entry.save(force_insert=False)
    last = UsageEntry.objects.get(pk=entry.pk)
    for stored in UsageEntry.objects.exclude(pk=entry.pk):
        assert fields_of(stored) | {"id": None} == fields_of(last) | {"id": None}


def test_many_rows_get_defaults_and_keys() -> None:
    people = [("a@alcyon.example", "Ada"), ("b@alcyon.example", "Bo")]
    assert sql.insert_many(User, ["email", "first_name"], people) == 2
    one, two = User.objects.order_by("email")
    assert one.pk != two.pk
    assert (one.first_name, one.theme, one.is_active, one.last_name) == ("Ada", "auto", True, "")


def test_many_rows_in_batches(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    monkeypatch.setattr(sql, "BATCH", 2)
    with django_assert_num_queries(3):
        sql.insert_many(User, ["email"], [(f"{number}@alcyon.example",) for number in range(5)])
    assert User.objects.count() == 5
