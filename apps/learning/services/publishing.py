"""Publishing courses and the other shipped content."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.access import capabilities
from apps.access.models import Requirement, Training
from apps.access.services import add_requirement, define_training, publish_charter
from apps.core import audit
from apps.learning.content import CourseContent, digest, to_json
from apps.learning.errors import ContentFaulty
from apps.learning.importing import CharterContent, ParsedCourse, Problems, RequirementContent
from apps.learning.models import Course, CourseSnapshot, CourseVersion, Exercise, Lesson, Module, Question
from apps.learning.queries.standing import COURSES_BY_TRAINING
from apps.learning.shipped import read_shipped

if TYPE_CHECKING:
    from apps.accounts.models import User


@transaction.atomic
def publish_course(*, parsed: ParsedCourse, actor: User | None = None) -> CourseVersion:
    """Publish a course as read from its files and return its version; the same content again changes nothing.

    Defines the training the course proves, writes a new immutable version with its snapshot, updates modules, lessons and
    exercises (what is gone is retired, never deleted) and writes a new version of each question that changed.
    Attempts under way keep the version and the questions they started with. Writes an audit entry.
    """
    content = parsed.content
    training = define_training(
        code=content.training,
        titles={"fr": content.title.fr, "en": content.title.en},
        major=content.major,
        order=content.order,
        actor=actor,
    )
    course, _created = Course.objects.select_for_update().get_or_create(code=content.id, defaults={"training": training})
    current = course.current
    mark = digest(content)
    if current is not None and current.content_hash == mark:
        CourseSnapshot.objects.filter(version=current).update(source_hash=parsed.source_hash)
        return current
    version = _write_version(course, content, mark, actor)
    CourseSnapshot.objects.create(version=version, source_hash=parsed.source_hash, content=to_json(content))
    now = timezone.now()
    modules = _write_modules(course, content, now)
    questions = _write_questions(course, content, modules)
    exercises = _write_exercises(course, content, now)
    _write_lessons(course, content, modules, questions, exercises, now)
    course.current, course.training, course.order = version, training, content.order
    course.save(update_fields=["current", "training", "order"])
    cache.delete(COURSES_BY_TRAINING)
    transaction.on_commit(lambda: cache.delete(COURSES_BY_TRAINING))
    audit.record(
        actor=actor,
        action="learning.publish_course",
        target=course,
        details={"version": version.number, "revision": version.revision, "content": mark},
    )
    return version


def _write_version(course: Course, content: CourseContent, mark: str, actor: User | None) -> CourseVersion:
    last = course.versions.filter(major=content.major, minor=content.minor).order_by("-revision").first()
    return CourseVersion.objects.create(
        course=course,
        major=content.major,
        minor=content.minor,
        revision=last.revision + 1 if last else 1,
        title_fr=content.title.fr,
        title_en=content.title.en,
        summary_fr=content.summary.fr,
        summary_en=content.summary.en,
        outcomes=[to_json(line) for line in content.outcomes],
        minutes=content.minutes,
        draw=content.draw,
        pass_mark=content.pass_mark,
        valid_days=content.valid_days,
        redo_by=content.redo_by,
        reviewed_on=content.reviewed_on,
        reviewed_by_fr=content.reviewed_by.fr if content.reviewed_by else "",
        reviewed_by_en=content.reviewed_by.en if content.reviewed_by else "",
        review_due=content.review_due,
        content_hash=mark,
        published_by=actor,
    )


def _write_modules(course: Course, content: CourseContent, now: datetime) -> dict[str, Module]:
    course.modules.exclude(code__in=[module.id for module in content.modules]).filter(retired_at=None).update(retired_at=now)
    modules = {}
    for order, module in enumerate(content.modules, 1):
        modules[module.id], _created = Module.objects.update_or_create(
            course=course,
            code=module.id,
            defaults={"order": order, "title_fr": module.title.fr, "title_en": module.title.en, "retired_at": None},
        )
    return modules


def _write_questions(course: Course, content: CourseContent, modules: dict[str, Module]) -> dict[str, Question]:
    current = {question.code: question for question in course.questions.filter(is_current=True)}
    numbers: dict[str, int] = {}
    for code, number in course.questions.values_list("code", "number"):
        numbers[code] = max(number, numbers.get(code, 0))
    wanted = {question.id: (question, digest(question)) for question in content.questions}
    # A question that returns to its old wording is a new version all the same: history only goes forward.
    changed = {code for code, (_question, mark) in wanted.items() if code not in current or current[code].content_hash != mark}
    stale = [question.pk for code, question in current.items() if code not in wanted or code in changed]
    course.questions.filter(pk__in=stale).update(is_current=False)
    Question.objects.bulk_create(
        Question(
            course=course,
            module=modules[question.module],
            code=code,
            number=numbers.get(code, 0) + 1,
            use=question.use,
            kind=question.kind,
            content=to_json(question),
            content_hash=mark,
        )
        for code, (question, mark) in wanted.items()
        if code in changed
    )
    return {question.code: question for question in course.questions.filter(is_current=True)}


def _write_exercises(course: Course, content: CourseContent, now: datetime) -> dict[str, Exercise]:
    kept = [exercise.id for exercise in content.exercises]
    course.exercises.exclude(code__in=kept).filter(retired_at=None).update(retired_at=now)
    exercises = {}
    for exercise in content.exercises:
        exercises[exercise.id], _created = Exercise.objects.update_or_create(
            course=course,
            code=exercise.id,
            defaults={"tries": exercise.tries, "content": to_json(exercise), "retired_at": None},
        )
    return exercises


def _write_lessons(
    course: Course,
    content: CourseContent,
    modules: dict[str, Module],
    questions: dict[str, Question],
    exercises: dict[str, Exercise],
    now: datetime,
) -> None:
    kept = [lesson.id for lesson in content.lessons]
    course.lessons.exclude(code__in=kept).filter(retired_at=None).update(retired_at=now)
    lessons = [
        Lesson(
            course=course,
            module=modules[module.id],
            code=lesson.id,
            order=order,
            minutes=lesson.minutes,
            title_fr=lesson.title.fr,
            title_en=lesson.title.en,
            body_fr=lesson.body.fr,
            body_en=lesson.body.en,
            check_question=questions[lesson.check] if lesson.check else None,
            exercise=exercises[lesson.practice] if lesson.practice else None,
        )
        for module in content.modules
        for order, lesson in enumerate(module.lessons, 1)
    ]
    Lesson.objects.bulk_create(
        lessons,
        update_conflicts=True,
        unique_fields=["course", "code"],
        update_fields=[
            "module", "order", "minutes", "title_fr", "title_en", "body_fr", "body_en",
            "check_question", "exercise", "retired_at",
        ],
    )  # fmt: skip


@transaction.atomic
def publish_content(
    *,
    courses: Iterable[ParsedCourse],
    charters: Iterable[CharterContent] = (),
    requirements: Iterable[RequirementContent] = (),
    actor: User | None = None,
) -> list[CourseVersion]:
    """Publish courses, the charter, and requirements of capabilities that have none yet: all or nothing.

    Raises AccessError when a published charter would change its text. Writes an audit entry for each thing that changes.
    """
    versions = [publish_course(parsed=parsed, actor=actor) for parsed in courses]
    for charter in charters:
        publish_charter(
            version=charter.version,
            titles=charter.titles,
            bodies=charter.bodies,
            effective_on=charter.effective_on,
            actor=actor,
        )
    for requirement in requirements:
        capabilities.get(requirement.capability)
        if Requirement.objects.filter(capability=requirement.capability).exists():
            continue
        for code, major in requirement.trainings.items():
            training = Training.objects.get(code=code)
            add_requirement(capability=requirement.capability, training=training, min_major=major, actor=actor)
        if requirement.charter:
            add_requirement(capability=requirement.capability, charter=True, actor=actor)
    return versions


def publish_shipped(*, actor: User) -> None:
    """Publish everything that ships, as `load_content` does: courses, the charter, requirements of capabilities that have none
    yet.

    Takes some seconds. Writes an audit entry for each thing that changes. Raises ContentFaulty, with the first of the faults.
    """
    problems = Problems(settings.BASE_DIR)
    shipped = read_shipped(settings.CONTENT_DIR, problems)
    if problems:
        sentence = _("The content cannot be published, and nothing was changed: %(problem)s")
        raise ContentFaulty(sentence % {"problem": problems.in_order()[0]})
    publish_content(courses=shipped.courses, charters=shipped.charters, requirements=shipped.requirements, actor=actor)


@transaction.atomic
def record_export(*, course: Course, actor: User, criteria: dict[str, Any]) -> None:
    """Record in the audit trail that `actor` exported people's progress in `course` from the portal."""
    filters = sorted(name for name, value in criteria.items() if value)
    audit.record(actor=actor, action="learning.export_progress", target=course, details={"filters": filters})


@transaction.atomic
def enforce_redo_dates() -> int:
    """Raise the requirements of trainings whose new major version had to be taken by a day that is past; return how many.

    Until then the previous major counts; from then on its holders lose what the requirement opens, with the next thing they
    ask for. Writes an audit entry for each.
    """
    raised = 0
    today = timezone.localdate()
    for course in Course.objects.filter(current__redo_by__lt=today).select_related("current", "training").order_by("code"):
        major = course.published.major
        for requirement in Requirement.objects.filter(training=course.training, min_major__lt=major).order_by("pk"):
            add_requirement(capability=requirement.capability, training=course.training, min_major=major)
            raised += 1
    return raised
