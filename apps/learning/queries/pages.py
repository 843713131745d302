"""What the pages of a course show."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import ngettext

from apps.core.missing import NotThere, get_or_not_there
from apps.learning import words
from apps.learning.content import ExerciseContent
from apps.learning.models import Attempt, Certificate, CheckAnswer, Enrolment, Lesson, LessonProgress, Module
from apps.learning.shown import Reveal, ShownQuestion, show

from .figures import solved
from .practice import BenchPage, bench_page
from .standing import Standing, path_for

if TYPE_CHECKING:
    from apps.access.models import Award
    from apps.accounts.models import User
    from apps.learning.grading import Answer


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson in its course's outline. `here`: where the person is."""

    code: str
    title: str
    minutes: int
    done: bool
    here: bool
    practice: bool


@dataclass(frozen=True, slots=True)
class ModuleOutline:
    number: int
    title: str
    lessons: tuple[LessonRow, ...]

    @property
    def done(self) -> int:
        return sum(lesson.done for lesson in self.lessons)

    @property
    def complete(self) -> bool:
        return self.done == len(self.lessons)

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)

    @property
    def is_open(self) -> bool:
        """Whether the outline shows this module's lessons at once: the person is in it."""
        return any(lesson.here for lesson in self.lessons)


@dataclass(frozen=True, slots=True)
class CoursePage:
    """A course before, during and after taking it."""

    standing: Standing
    outcomes: list[str]
    pass_mark: int
    draw: int
    valid_days: int | None
    modules: tuple[ModuleOutline, ...]
    attempts: tuple[Attempt, ...]
    certificate: Certificate | None

    @property
    def validity(self) -> str:
        """How long a proof lasts, in the largest unit that says it exactly; empty for ever."""
        days = self.valid_days
        if not days:
            return ""
        if days % 365 == 0:
            return ngettext("%(count)s year", "%(count)s years", days // 365) % {"count": days // 365}
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}

    @property
    def failed_before(self) -> bool:
        """Whether the last attempt of the current cycle was not passed."""
        return bool(self.attempts) and self.attempts[0].passed is False

    @property
    def at_the_beginning(self) -> bool:
        """Whether the person is at the first lesson, and none is done."""
        return not self.standing.lessons_done and self.modules[0].lessons[0].here

    @property
    def go_on(self) -> str:
        return words.go_on(self)

    @property
    def start(self) -> str:
        return words.start(self.standing)

    @property
    def quiz_title(self) -> str:
        return words.quiz_title(self)

    @property
    def quiz_lead(self) -> str:
        return words.quiz_lead(self)


@dataclass(frozen=True, slots=True)
class LessonPage:
    """One lesson on one screen. `position` of `count` in its module; `check` is None if the lesson asks nothing."""

    lesson: Lesson
    course_title: str
    module_number: int
    position: int
    count: int
    previous: str | None
    is_last: bool
    done: bool
    check: ShownQuestion | None
    check_answers: int
    bench: BenchPage | None


def course_page(user: User, code: str) -> CoursePage:
    """Return the page of a course for `user`. Raises NotThere."""
    standing = next(iter(path_for(user, course=code)), None)
    if standing is None:
        raise NotThere
    lessons = list(
        Lesson.objects.live().filter(course=code).select_related("module", "course__current").defer("body_fr", "body_en")
    )
    if not lessons or lessons[0].course.current is None:
        raise NotThere
    version = lessons[0].course.current
    enrolment = Enrolment.objects.filter(user=user, course=code).order_by("-cycle").first()
    done: set[int] = set()
    if enrolment is not None:
        progress = LessonProgress.objects.filter(enrolment=enrolment, done_at__isnull=False)
        done = set(progress.values_list("lesson", flat=True))
    here = enrolment.current_lesson_id if enrolment and enrolment.completed_at is None else None
    attempts = Attempt.objects.filter(enrolment__user=user, enrolment__course=code, submitted_at__isnull=False)
    certificate = certificates_of(user).filter(attempt__enrolment__course=code).order_by("-issued_at").first()
    return CoursePage(
        standing=standing,
        outcomes=version.outcome_lines,
        pass_mark=version.pass_mark,
        draw=version.draw,
        valid_days=version.valid_days,
        modules=_outline(lessons, done, here),
        attempts=tuple(attempts.select_related("version", "enrolment").order_by("-submitted_at")),
        certificate=certificate,
    )


def _outline(lessons: list[Lesson], done: set[int], here: int | None) -> tuple[ModuleOutline, ...]:
    modules: dict[int, tuple[Module, list[LessonRow]]] = {}
    for lesson in lessons:
        row = LessonRow(
            code=lesson.code,
            title=lesson.title,
            minutes=lesson.minutes,
            done=lesson.pk in done,
            here=lesson.pk == here,
            practice=lesson.exercise_id is not None,
        )
        modules.setdefault(lesson.module_id, (lesson.module, []))[1].append(row)
    return tuple(ModuleOutline(number, module.title, tuple(rows)) for number, (module, rows) in enumerate(modules.values(), 1))


def readable_lessons() -> QuerySet[Lesson]:
    """Return the lessons that can be read now."""
    return (
        Lesson.objects.live()
        .filter(course__current__isnull=False)
        .select_related("course__current", "course__training", "module", "check_question", "exercise")
    )


def get_lesson(course: str, code: str) -> Lesson:
    """Return a lesson that can be read now. Raises NotThere."""
    return get_or_not_there(readable_lessons(), course=course, code=code)


def get_first_lesson(course: str) -> Lesson:
    """Return the first lesson of a course. Raises NotThere."""
    first = readable_lessons().filter(course=course).first()
    if first is None:
        raise NotThere
    return first


def lesson_page(user: User, lesson: Lesson, *, again: bool = False, typed: Answer | None = None) -> LessonPage:
    """Return the page of `lesson`. `again`: ask its question as if not answered yet, with `typed` filled in (an answer
    refused)."""
    siblings = list(Lesson.objects.live().filter(course=lesson.course_id).only("code", "module", "course"))
    codes = [sibling.code for sibling in siblings]
    place = codes.index(lesson.code)
    in_module = [sibling.code for sibling in siblings if sibling.module_id == lesson.module_id]
    modules = list(dict.fromkeys(sibling.module_id for sibling in siblings))
    enrolment = Enrolment.objects.filter(user=user, course=lesson.course_id).order_by("-cycle").first()
    done = (
        LessonProgress.objects.filter(enrolment=enrolment, lesson=lesson, done_at__isnull=False).exists() if enrolment else False
    )
    answers = _check_answers(enrolment, lesson)
    return LessonPage(
        lesson=lesson,
        course_title=lesson.course.title,
        module_number=modules.index(lesson.module_id) + 1,
        position=in_module.index(lesson.code) + 1,
        count=len(in_module),
        previous=codes[place - 1] if place else None,
        is_last=place == len(codes) - 1,
        done=done,
        check=shown_check(user, lesson, [] if again else answers, typed=typed),
        check_answers=len(answers),
        bench=bench_page(user, lesson.exercise) if lesson.exercise else None,
    )


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A lesson as staff look at it: `check` and `exercise` are None if the lesson has none."""

    lesson: Lesson
    lessons: tuple[Lesson, ...]
    previous: Lesson | None
    following: Lesson | None
    check: ShownQuestion | None
    exercise: ExerciseContent | None


def preview_page(lesson: Lesson) -> PreviewPage:
    """Return `lesson` for a preview: nobody's progress, the question with its right answer."""
    lessons = tuple(Lesson.objects.live().filter(course=lesson.course_id).select_related("module").defer("body_fr", "body_en"))
    place = [other.pk for other in lessons].index(lesson.pk)
    return PreviewPage(
        lesson=lesson,
        lessons=lessons,
        previous=lessons[place - 1] if place else None,
        following=lessons[place + 1] if place + 1 < len(lessons) else None,
        check=solved(lesson.check_question.body) if lesson.check_question else None,
        exercise=lesson.exercise.body if lesson.exercise else None,
    )


def _check_answers(enrolment: Enrolment | None, lesson: Lesson) -> list[CheckAnswer]:
    if enrolment is None or lesson.check_question is None:
        return []
    # Answers to an earlier wording of the question let the person continue, but are not shown under the new one.
    return list(CheckAnswer.objects.filter(enrolment=enrolment, lesson=lesson).order_by("answered_at", "pk"))


def shown_check(user: User, lesson: Lesson, answers: list[CheckAnswer], *, typed: Answer | None = None) -> ShownQuestion | None:
    """Return a lesson's question with the last answer to it. After a first wrong answer the right one remains to be found."""
    question = lesson.check_question
    if question is None:
        return None
    seed = str(user.pk)
    mine = [answer for answer in answers if answer.question_id == question.pk]
    if not mine:
        return show(question.body, seed=seed, answer=typed)
    reveal = Reveal.ALL if mine[-1].correct or len(mine) > 1 else Reveal.CHOSEN
    return show(question.body, seed=seed, answer=mine[-1].answer, reveal=reveal)


def certificates_of(user: User) -> QuerySet[Certificate]:
    """Return the certificates that `user` may show."""
    return Certificate.objects.filter(attempt__enrolment__user=user).select_related(
        "attempt__enrolment__course", "attempt__version", "award"
    )


def get_certificate_for(user: User, certificate_id: uuid.UUID) -> Certificate:
    """Return a certificate of `user`. Raises NotThere."""
    return get_or_not_there(certificates_of(user), pk=certificate_id)


def certificate_links(awards: Sequence[Award]) -> dict[uuid.UUID, str]:
    """Return the address of the certificate of each award that has one, by the award's id. One query."""
    found = Certificate.objects.filter(award__in=awards).values_list("award", "pk")
    return {award: reverse("learning:certificate", args=[pk]) for award, pk in found}


def find_certificate(code: str) -> Certificate | None:
    """Return the certificate with a verification code as somebody typed it, whatever the case and the spaces."""
    typed = "".join(character for character in code.upper() if character.isalnum())
    groups = [typed[start : start + 4] for start in range(0, len(typed), 4)]
    return (
        Certificate.objects.filter(code="-".join(groups))
        .select_related("attempt__enrolment__course", "attempt__version", "award")
        .first()
    )
