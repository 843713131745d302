"""What becomes of runs: stopped, stored, ended, interrupted. The gateway writes them (`gateway.answers`)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from apps.chat import queries
from apps.chat.models import Conversation, Run
from apps.core import sql
from apps.core.crypto import Seal
from apps.gateway import answers
from apps.gateway.enums import AnswerState
from apps.gateway.services import record_usage

from .announcing import announce

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan(answers.Plan):
    conversation_id: uuid.UUID
    owner_id: uuid.UUID
    seal: Seal


def stop_run(*, user: User, run_id: uuid.UUID) -> Run:
    """Ask a run to stop; what it has written is kept. Stopping an ended run changes nothing. Raises NotThere.

    The process that executes it closes the request to the model: at once if it is this one, within two seconds if it is another.
    """
    run = queries.get_run_for(user, run_id)
    if run.state == AnswerState.STREAMING:
        Run.objects.filter(pk=run.pk, state=AnswerState.STREAMING).update(stop_asked_at=timezone.now())
        transaction.on_commit(lambda: answers.stop(run.pk))
    return run


def keep_text(*, plan: RunPlan, text: str, seq: int) -> bool:
    """Store the text of a run so far, with the number of the last chunk it covers; return whether it was asked to stop."""
    Run.objects.filter(pk=plan.id, state=AnswerState.STREAMING).update(
        text=Run.text.close(plan.seal, text, key=plan.id), seq=seq, heartbeat_at=timezone.now()
    )
    return Run.objects.filter(pk=plan.id, stop_asked_at__isnull=False).exists()


@transaction.atomic
def end_run(*, plan: RunPlan, answer: answers.Answer) -> dict[str, Any]:
    """Store how a run ended, its text and what it cost, together. After commit the owner's tabs are told. Safe to call twice."""
    now = timezone.now()
    ended = sql.update(
        Run,
        {"id": plan.id, "state": AnswerState.STREAMING},
        state=answer.state,
        text=Run.text.close(plan.seal, answer.text, key=plan.id),
        seq=answer.seq,
        error_code=answer.error_code,
        cut_short=answer.cut_short,
        heartbeat_at=now,
        ended_at=now,
    )
    record_usage(call=plan.call)
    if ended:
        announce(Conversation(pk=plan.conversation_id, owner_id=plan.owner_id), "ended", plan.id)
    return {}


def interrupt_lost_runs(*, silent_since: datetime | None) -> int:
    """Mark the runs without a sign of life since then (None: all that are open) as interrupted, with the text that was stored.

    Return how many. After commit their owners' tabs are told.
    """
    lost = Run.objects.filter(state=AnswerState.STREAMING)
    if silent_since is not None:
        lost = lost.filter(heartbeat_at__lt=silent_since)
    count = 0
    for run in lost.select_related("conversation"):
        with transaction.atomic():
            if Run.objects.filter(pk=run.pk, state=AnswerState.STREAMING, heartbeat_at=run.heartbeat_at).update(
                state=AnswerState.INTERRUPTED, ended_at=timezone.now()
            ):
                count += 1
                announce(run.conversation, "ended", run.pk)
    return count


RUN = answers.Kind("run", keep=keep_text, end=end_run, interrupt_lost=interrupt_lost_runs, stored=queries.stored_run)
