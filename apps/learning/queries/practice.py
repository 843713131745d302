"""What the practice bench shows: the exercise and the tries stored so far, and how one ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import crypto
from apps.core.markdown import render_answer
from apps.core.missing import get_or_not_there
from apps.gateway.answers import Answer
from apps.gateway.enums import AnswerState
from apps.gateway.errors import failure_in_words
from apps.learning.content import ExerciseContent
from apps.learning.models import Bench, Exercise, PracticeTry
from apps.learning.models.practice import COUNTED

if TYPE_CHECKING:
    from apps.accounts.models import User

MAX_PROMPT = 2000


@dataclass(frozen=True, slots=True)
class ShownTry:
    """One try, decrypted."""

    id: UUID
    number: int
    prompt: str
    answer: SafeString
    state: AnswerState
    started_at: datetime


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
    counted = sum(entry.state in COUNTED for entry in stored)
    shown: tuple[ShownTry, ...] = ()
    readable = True
    if bench is not None:
        try:
            seal = crypto.open_seal(bench.data_key, user.pk)
            shown = tuple(show_try(entry, number, seal) for number, entry in enumerate(stored, 1))
        except crypto.CryptoError:
            readable = False
    return BenchPage(exercise, exercise.body, shown, max(0, exercise.tries - counted), readable)


def open_exercises() -> QuerySet[Exercise]:
    """Return the exercises that can be practised now."""
    return Exercise.objects.filter(retired_at=None, course__current__isnull=False)


def tries_of(user: User) -> QuerySet[PracticeTry]:
    """Return the tries of `user`; anybody else's are not included."""
    return PracticeTry.objects.filter(bench__user=user)


def get_exercise(exercise_id: int) -> Exercise:
    """Return an exercise that can be practised now. Raises NotThere."""
    return get_or_not_there(open_exercises(), pk=exercise_id)


def get_try_for(user: User, try_id: UUID) -> PracticeTry:
    """Return a try of `user`. Raises NotThere."""
    return get_or_not_there(tries_of(user), pk=try_id)


def tries_left(bench: Bench) -> int:
    """Return how many tries remain on a bench."""
    return max(0, bench.exercise.tries - bench.tries.counted().count())


def left_in_words(left: int) -> str:
    """Return `left` as the bench shows it."""
    return ngettext("%(left)s try left", "%(left)s tries left", left) % {"left": left}


def ending_told(bench: Bench, *, state: AnswerState, text: str, error_code: str) -> dict[str, Any]:
    """Return what the last frame of a try on `bench` says, in the active language. Count it before."""
    left = tries_left(bench)
    # A plain `str`: frames are encoded by exact type.
    told = {"state": state.value, "html": str.__str__(render_answer(text)), "left": left, "left_text": left_in_words(left)}
    if error_code:
        why = failure_in_words(error_code, text)
        told["message"] = _("%(why)s This try was not counted.") % {"why": why} if state is AnswerState.FAILED else why
    return told


def stored_try(try_id: UUID) -> Answer | None:
    """Return a try as the database has it, with what its last frame says; None if it does not exist."""
    entry = PracticeTry.objects.select_related("bench__exercise").filter(pk=try_id).first()
    if entry is None:
        return None
    text = PracticeTry.answer.read(entry, crypto.open_seal(entry.bench.data_key, entry.bench.user_id))
    state = AnswerState(entry.state)
    told = ending_told(entry.bench, state=state, text=text, error_code=entry.error_code)
    return Answer(state, text, entry.seq, entry.error_code, told=told)


def show_try(entry: PracticeTry, number: int, seal: crypto.Seal) -> ShownTry:
    """Return a stored try, decrypted. Raises CryptoError."""
    prompt, answer = PracticeTry.prompt.read(entry, seal), render_answer(PracticeTry.answer.read(entry, seal))
    return ShownTry(entry.pk, number, prompt, answer, AnswerState(entry.state), entry.started_at)
