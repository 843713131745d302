"""What becomes of runs: stopped, kept, ended, given up."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from apps.chat import queries
from apps.chat.enums import RunState
from apps.chat.models import Conversation, Run
from apps.core import sql
from apps.core.crypto import Seal, seal_opener
from apps.gateway.services import record_usage

from .announcing import announce

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.chat.runs import Plan

LOST_AFTER = timedelta(seconds=60)


def stop_run(*, user: User, run_id: uuid.UUID) -> Run:
    """Ask a run to stop; what it has written is kept. Stopping an ended run changes nothing. Raises NotThere.

    The process that executes it closes the request to the model: at once if it is this one, within two seconds if it is another.
    """
    from apps.chat import runs

    run = queries.get_run_for(user, run_id)
    if run.state == RunState.STREAMING:
        Run.objects.filter(pk=run.pk, state=RunState.STREAMING).update(stop_asked_at=timezone.now())
        transaction.on_commit(lambda: runs.end_here(run.pk))
    return run


def keep_text(*, run_id: uuid.UUID, seal: Seal, text: str, seq: int) -> bool:
    """Keep what a run has written so far, with the number of the last chunk it covers; return whether it was asked to stop."""
    run = Run(pk=run_id)
    Run.objects.filter(pk=run_id, state=RunState.STREAMING).update(
        text=run.seal_text(seal, text), seq=seq, heartbeat_at=timezone.now()
    )
    return Run.objects.filter(pk=run_id, stop_asked_at__isnull=False).exists()


@transaction.atomic
def end_run(*, plan: Plan, state: RunState, text: str, seq: int, error_code: str) -> None:
    """Write how a run ended, its text and what it cost, together. After commit the owner's tabs are told. Safe to call twice."""
    now = timezone.now()
    ended = sql.update(
        Run,
        {"id": plan.run_id, "state": RunState.STREAMING},
        state=state,
        text=Run(pk=plan.run_id).seal_text(plan.seal, text),
        seq=seq,
        error_code=error_code,
        cut_short=plan.cut_short,
        heartbeat_at=now,
        ended_at=now,
    )
    record_usage(call=plan.call)
    if ended:
        conversation = Conversation(pk=plan.conversation_id, owner_id=plan.user_id)
        announce(conversation, "ended", plan.run_id)


def interrupt_lost_runs(*, alone: bool = False) -> int:
    """Mark runs that no process writes any more as interrupted, with what was kept; return how many.

    After commit their owners' tabs are told.

    `alone`: no other process can be writing, so every open run is lost; else those without a heartbeat for a minute.
    """
    now = timezone.now()
    lost = Run.objects.filter(state=RunState.STREAMING)
    if not alone:
        lost = lost.filter(heartbeat_at__lt=now - LOST_AFTER)
    count = 0
    for run in lost.select_related("conversation"):
        with transaction.atomic():
            if Run.objects.filter(pk=run.pk, state=RunState.STREAMING, heartbeat_at=run.heartbeat_at).update(
                state=RunState.INTERRUPTED, ended_at=now
            ):
                count += 1
                announce(run.conversation, "ended", run.pk)
    return count


def stored_run(run_id: uuid.UUID) -> dict[str, Any] | None:
    """Return a run as the database has it, as a frame's fields; None when it was deleted meanwhile."""
    run = Run.objects.select_related("conversation").filter(pk=run_id).first()
    if run is None:
        return None
    text = run.get_text(seal_opener(run.conversation.owner_id)(run.conversation.data_key))
    return {"seq": run.seq, "text": text, "state": run.state, "code": run.error_code, "cut_short": run.cut_short}
