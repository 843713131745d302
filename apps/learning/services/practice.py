"""The practice bench: what a learner sends to a model, and how that ended. The gateway writes the answer (`gateway.answers`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core import crypto
from apps.gateway import answers
from apps.gateway.enums import STANDARD_ALIAS, AnswerState
from apps.gateway.errors import Code
from apps.gateway.services import prepare_call, record_usage
from apps.learning import queries
from apps.learning.errors import LearningError, RealData, TriesUsedUp
from apps.learning.models import Bench, Exercise, PracticeTry
from apps.learning.queries.practice import MAX_PROMPT
from apps.learning.realdata import find_real_data

if TYPE_CHECKING:
    from apps.accounts.models import User

MAX_ANSWER_TOKENS = 200
# The text itself is what failed: that try is used up, or people could write it again and again without end.
OF_THE_PROMPT = {Code.CONTENT_REFUSED, Code.CONTEXT_FULL}


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPlan(answers.Plan):
    bench_id: int
    seal: crypto.Seal


@dataclass(frozen=True, slots=True)
class StartedTry:
    """A try that has just begun. `left`: how many remain after it."""

    entry: PracticeTry
    number: int
    left: int


@transaction.atomic
def start_try(*, user: User, exercise: Exercise, prompt: str) -> StartedTry:
    """Store a prompt, encrypted, and after commit have the model answer it; the run belongs to no socket.

    Nothing is sent or stored when it raises: LearningError (empty, too long), RealData, TriesUsedUp, GatewayError (no model is
    ready), CryptoError. Writes no audit entry: what learners write stays theirs; the gateway's ledger records the call.
    """
    prompt = prompt.strip()
    _check_prompt(prompt)
    bench = _bench(user, exercise)
    Bench.objects.select_for_update().get(pk=bench.pk)
    left = queries.tries_left(bench)
    if left == 0:
        raise TriesUsedUp(_("You have used all your tries on this exercise. What you wrote stays here to read."))
    entry = PracticeTry(bench=bench)
    call = prepare_call(
        user=user,
        target=STANDARD_ALIAS,
        messages=[{"role": "user", "content": prompt}],
        purpose="practice",
        reference=str(entry.pk),
        max_tokens=MAX_ANSWER_TOKENS,
    )
    seal = crypto.open_seal(bench.data_key, user.pk)
    PracticeTry.prompt.write(entry, seal, prompt)
    number = bench.tries.count() + 1
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError:
        raise TriesUsedUp(_("The model is still answering your last try. Wait for it, or stop it.")) from None
    language = get_language() or settings.LANGUAGE_CODE
    plan = TryPlan(id=entry.pk, language=language, call=call, bench_id=bench.pk, seal=seal)
    transaction.on_commit(lambda: TRY.launch(plan))
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
            _("Nothing was sent: this looks like it holds %(what)s. Replace real data with something invented, then try again.")
            % {"what": get_text_list([str(kind.label) for kind in found], _("and"))}
        )


def _bench(user: User, exercise: Exercise) -> Bench:
    bench = Bench.objects.select_related("exercise").filter(user=user, exercise=exercise).first()
    if bench is None:
        data_key = crypto.new_data_key(user.pk)
        bench, _created = Bench.objects.get_or_create(user=user, exercise=exercise, defaults={"data_key": data_key})
    return bench


@transaction.atomic
def stop_try(*, entry: PracticeTry) -> PracticeTry:
    """Ask a try to stop; what the model has written is kept. After commit the process that writes the answer closes its request:
    at once if it is this one, within two seconds if it is another. Stopping a try that has ended changes nothing."""
    asked = PracticeTry.objects.filter(pk=entry.pk, state=AnswerState.STREAMING).update(stop_asked_at=timezone.now())
    if asked:
        transaction.on_commit(lambda: answers.stop(entry.pk))
    return entry


def keep_try(*, plan: TryPlan, text: str, seq: int) -> bool:
    """Store the text of a try so far, with the number of the last chunk it covers; return whether it was asked to stop."""
    PracticeTry.objects.filter(pk=plan.id, state=AnswerState.STREAMING).update(
        answer=PracticeTry.answer.close(plan.seal, text, key=plan.id), seq=seq, heartbeat_at=timezone.now()
    )
    return PracticeTry.objects.filter(pk=plan.id, stop_asked_at__isnull=False).exists()


@transaction.atomic
def end_try(*, plan: TryPlan, answer: answers.Answer) -> dict[str, Any]:
    """Store how a try ended, its text and what it cost, together; return what its last frame says. Safe to call twice."""
    state = AnswerState.STOPPED if answer.error_code in OF_THE_PROMPT else answer.state
    PracticeTry.objects.filter(pk=plan.id, state=AnswerState.STREAMING).update(
        state=state,
        answer=PracticeTry.answer.close(plan.seal, answer.text, key=plan.id),
        seq=answer.seq,
        error_code=answer.error_code,
        finished_at=timezone.now(),
    )
    record_usage(call=plan.call)
    bench = Bench.objects.select_related("exercise").get(pk=plan.bench_id)
    return queries.ending_told(bench, state=state, text=answer.text, error_code=answer.error_code)


def interrupt_lost_tries(*, silent_since: datetime | None) -> int:
    """Mark the tries without a sign of life since then (None: all that are open) as interrupted, with the text that was stored.

    Return how many. They no longer count: the learners have them back.
    """
    lost = PracticeTry.objects.filter(state=AnswerState.STREAMING)
    if silent_since is not None:
        lost = lost.filter(heartbeat_at__lt=silent_since)
    return lost.update(state=AnswerState.INTERRUPTED, finished_at=timezone.now())


TRY = answers.Kind("try", keep=keep_try, end=end_try, interrupt_lost=interrupt_lost_tries, stored=queries.stored_try)
