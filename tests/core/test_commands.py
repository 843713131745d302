"""The commands that operators use."""

from __future__ import annotations

import io
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from apps.core import audit
from apps.core.enums import MessageState
from apps.core.models import AuditEntry, OutboxMessage

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def write(count: int) -> None:
    with transaction.atomic():
        for number in range(count):
            audit.record(actor=None, action="test.write", target=f"test.Thing:{number}")


def test_verify_audit_prints_the_head_to_keep() -> None:
    write(2)
    head = run("verify_audit").strip()
    assert head == f"2:{AuditEntry.objects.get(seq=2).hash}"
    write(3)
    assert run("verify_audit", "--kept", head)


def test_verify_audit_fails_on_a_broken_trail() -> None:
    write(2)
    audit.chain()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditentry SET reason = 'x' WHERE seq = 1")
    with pytest.raises(CommandError, match="Entry 1 was changed"):
        run("verify_audit")


@pytest.mark.parametrize("kept", ["", "x", "2", "2:short", f"x:{'a' * 64}"])
def test_verify_audit_refuses_what_is_no_head(kept: str) -> None:
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        run("verify_audit", f"--kept={kept}")


def dead(task: str) -> OutboxMessage:
    return OutboxMessage.objects.create(
        task=task, state=MessageState.DEAD, attempts=6, finished_at=timezone.now(), last_error="ValueError: no"
    )


def test_replay_task_lists_what_gave_up() -> None:
    message = dead("core.one")
    listed = run("replay_task")
    assert str(message.pk) in listed
    assert "ValueError: no" in listed
    message.refresh_from_db()
    assert message.state == MessageState.DEAD


def test_replay_task_revives_the_chosen_ones_and_says_so_in_the_trail() -> None:
    chosen, other = dead("core.one"), dead("core.two")
    assert "1 replayed" in run("replay_task", str(chosen.pk))
    chosen.refresh_from_db()
    other.refresh_from_db()
    assert (chosen.state, chosen.attempts) == (MessageState.PENDING, 0)
    assert other.state == MessageState.DEAD
    assert AuditEntry.objects.get().action == "core.replay_task"
    assert "1 replayed" in run("replay_task", "--all")


def test_replay_task_refuses_an_id_that_is_not_among_them() -> None:
    alive = OutboxMessage.objects.create(task="core.one")
    for pk in (alive.pk, uuid.uuid4()):
        with pytest.raises(CommandError, match="Not among"):
            run("replay_task", str(pk))
