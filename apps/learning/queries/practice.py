"""What the practice bench shows: the exercise and the tries stored so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from apps.core import crypto
from apps.core.markdown import render_answer
from apps.core.missing import get_or_not_there
from apps.learning.content import ExerciseContent
from apps.learning.enums import TryState
from apps.learning.models import Bench, Exercise, PracticeTry

if TYPE_CHECKING:
    from apps.accounts.models import User

TABLE = "learning_practicetry"
MAX_PROMPT = 2000


@dataclass(frozen=True, slots=True)
class ShownTry:
    """One try in clear. `counts`: whether it uses up one of the tries."""

    id: UUID
    number: int
    prompt: str
    answer: SafeString
    state: TryState
    started_at: datetime

    @property
    def running(self) -> bool:
        return self.state is TryState.RUNNING


@dataclass(frozen=True, slots=True)
class BenchPage:
    """`readable` is False while the stored tries cannot be decrypted (the page then says so instead of failing)."""

    exercise: Exercise
    body: ExerciseContent
    tries: tuple[ShownTry, ...]
    left: int
    readable: bool
    max_prompt: int = MAX_PROMPT


def bench_page(user: User, exercise: Exercise) -> BenchPage:
    """Return an exercise with the tries of `user`. Three queries."""
    bench = Bench.objects.filter(user=user, exercise=exercise).first()
    stored = list(PracticeTry.objects.filter(bench=bench).order_by("started_at", "pk")) if bench else []
    counted = sum(TryState(entry.state) in {TryState.RUNNING, TryState.DONE, TryState.STOPPED} for entry in stored)
    shown: tuple[ShownTry, ...] = ()
    readable = True
    if bench is not None:
        try:
            seal = crypto.open_seal(bench.data_key, user.pk)
            shown = tuple(show_try(entry, number, seal) for number, entry in enumerate(stored, 1))
        except crypto.CryptoError:
            readable = False
    return BenchPage(exercise, exercise.body, shown, max(0, exercise.tries - counted), readable)


def answer_html(text: str) -> str:
    """Return a model's answer as safe HTML for a frame (a plain `str`: frames are encoded by exact type)."""
    return str.__str__(render_answer(text))


def open_exercises() -> QuerySet[Exercise]:
    """Return the exercises one can practise now."""
    return Exercise.objects.filter(retired_at=None, course__current__isnull=False)


def tries_of(user: User) -> QuerySet[PracticeTry]:
    """Return the tries of `user`; anybody else's are not among them."""
    return PracticeTry.objects.filter(bench__user=user)


def get_exercise(exercise_id: int) -> Exercise:
    """Return an exercise one can practise now. Raises NotThere."""
    return get_or_not_there(open_exercises(), pk=exercise_id)


def get_try_for(user: User, try_id: UUID) -> PracticeTry:
    """Return a try of `user`. Raises NotThere."""
    return get_or_not_there(tries_of(user), pk=try_id)


def stored_try(try_id: UUID) -> dict[str, Any] | None:
    """Return how a try ended, as its last frame tells it; None while it is being answered by another process."""
    entry = PracticeTry.objects.select_related("bench").filter(pk=try_id).exclude(state=TryState.RUNNING).first()
    if entry is None:
        return None
    seal = crypto.open_seal(entry.bench.data_key, entry.bench.user_id)
    return {"state": entry.state, "html": str.__str__(show_try(entry, 0, seal).answer)}


def show_try(entry: PracticeTry, number: int, seal: crypto.Seal) -> ShownTry:
    """Return a stored try in clear. Raises CryptoError."""
    prompt = seal.open(entry.prompt_sealed, table=TABLE, column="prompt", key=entry.pk)
    answer = seal.open(entry.answer_sealed, table=TABLE, column="answer", key=entry.pk) if entry.answer_sealed else ""
    return ShownTry(entry.pk, number, prompt, render_answer(answer), TryState(entry.state), entry.started_at)
