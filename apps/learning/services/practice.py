"""The practice bench: what a learner sends to a model, and how that ended."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.core import crypto
from apps.gateway.services import prepare_call, record_usage
from apps.learning.enums import TryState
from apps.learning.errors import LearningError, RealData, TriesUsedUp
from apps.learning.models import Bench, Exercise, PracticeTry
from apps.learning.queries.practice import MAX_PROMPT, TABLE
from apps.learning.realdata import find_real_data

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.gateway.calls import Call

TARGET = "almia-standard"
MAX_ANSWER_TOKENS = 200
LOST_AFTER = timedelta(minutes=15)  # longer than the gateway lets any answer take


@dataclass(frozen=True, slots=True)
class TryPlan:
    """All that answering a try needs once its transaction has committed."""

    try_id: uuid.UUID
    bench_id: int
    language: str
    seal: crypto.Seal
    call: Call


@dataclass(frozen=True, slots=True)
class StartedTry:
    """A try that has just begun. `left`: how many remain after it."""

    entry: PracticeTry
    number: int
    left: int


def tries_left(bench: Bench, exercise: Exercise) -> int:
    """Return how many tries remain: what failed on our side was not counted."""
    return max(0, exercise.tries - PracticeTry.objects.filter(bench=bench).counted().count())


def left_in_words(left: int) -> str:
    """Return `left` as the bench shows it."""
    return ngettext("%(left)s try left", "%(left)s tries left", left) % {"left": left}


@transaction.atomic
def start_try(*, user: User, exercise: Exercise, prompt: str) -> StartedTry:
    """Store a prompt, encrypted, and after commit have the model answer it; the run belongs to no socket.

    Nothing is sent or stored when it raises: LearningError (empty, too long), RealData, TriesUsedUp, GatewayError (no model is
    ready), CryptoError. Writes no audit entry: what learners write stays theirs; the gateway's ledger records the call.
    """
    from apps.learning import tries

    prompt = prompt.strip()
    _check_prompt(prompt)
    bench = _bench(user, exercise)
    Bench.objects.select_for_update().get(pk=bench.pk)
    left = tries_left(bench, exercise)
    if left == 0:
        raise TriesUsedUp(_("You have used all your tries on this exercise. What you wrote stays here to read."))
    entry = PracticeTry(bench=bench)
    call = prepare_call(
        user=user,
        target=TARGET,
        messages=[{"role": "user", "content": prompt}],
        purpose="practice",
        reference=str(entry.pk),
        max_tokens=MAX_ANSWER_TOKENS,
    )
    seal = crypto.open_seal(bench.data_key, user.pk)
    entry.prompt_sealed = seal.close(prompt, table=TABLE, column="prompt", key=entry.pk)
    number = bench.tries.count() + 1
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError:
        raise TriesUsedUp(_("The model is still answering your last try. Wait for it, or stop it.")) from None
    plan = TryPlan(entry.pk, bench.pk, get_language() or settings.LANGUAGE_CODE, seal, call)
    transaction.on_commit(lambda: tries.launch(plan))
    return StartedTry(entry, number, left - 1)


def _check_prompt(prompt: str) -> None:
    if not prompt:
        raise LearningError(_("Write your request first."), code="bad_prompt")
    if len(prompt) > MAX_PROMPT:
        raise LearningError(
            _("This request is %(length)s characters long; the exercise takes up to %(most)s. Shorten it a little.")
            % {"length": len(prompt), "most": MAX_PROMPT},
            code="bad_prompt",
        )
    found = find_real_data(prompt)
    if found:
        raise RealData(
            _("Nothing was sent: this looks like it holds %(what)s. Replace real data by something invented, then try again.")
            % {"what": get_text_list([str(kind.label) for kind in found], _("and"))}
        )


def _bench(user: User, exercise: Exercise) -> Bench:
    bench = Bench.objects.filter(user=user, exercise=exercise).first()
    if bench is None:
        data_key = crypto.new_data_key(user.pk)
        bench, _created = Bench.objects.get_or_create(user=user, exercise=exercise, defaults={"data_key": data_key})
    return bench


@transaction.atomic
def stop_try(*, entry: PracticeTry) -> PracticeTry:
    """Ask a try to stop; what the model has written is kept. After commit the process that answers it closes its request: at once
    if it is this one, within two seconds if it is another. Stopping what has ended changes nothing."""
    from apps.learning import tries

    asked = PracticeTry.objects.filter(pk=entry.pk, state=TryState.RUNNING).update(stop_asked_at=timezone.now())
    if asked:
        transaction.on_commit(lambda: tries.end_here(entry.pk))
    return entry


def stop_was_asked(try_id: uuid.UUID) -> bool:
    """Whether somebody, in whatever process, asked this try to stop."""
    return PracticeTry.objects.filter(pk=try_id, stop_asked_at__isnull=False).exists()


@transaction.atomic
def end_try(*, plan: TryPlan, state: TryState, text: str, error_code: str = "") -> int:
    """Write how a try ended, its text and what it cost, together; return how many tries remain. Safe to call twice."""
    PracticeTry.objects.filter(pk=plan.try_id, state=TryState.RUNNING).update(
        state=state,
        answer_sealed=plan.seal.close(text, table=TABLE, column="answer", key=plan.try_id) if text else None,
        error_code=error_code,
        finished_at=timezone.now(),
    )
    record_usage(call=plan.call)
    bench = Bench.objects.select_related("exercise").get(pk=plan.bench_id)
    return tries_left(bench, bench.exercise)


def interrupt_lost_tries(*, alone: bool = False) -> int:
    """Mark tries whose process died as interrupted, which gives them back; return how many. `alone`: there is no other."""
    running = PracticeTry.objects.filter(state=TryState.RUNNING)
    if not alone:
        running = running.filter(started_at__lt=timezone.now() - LOST_AFTER)
    return running.update(state=TryState.INTERRUPTED, finished_at=timezone.now())
