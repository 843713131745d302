"""What is published. Ids of files are `code` here; what learners did refers to these rows, so none is ever deleted."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.access.models import Training
from apps.accounts.organisation import Named
from apps.core.bilingual import Bilingual
from apps.learning.content import CourseContent, ExerciseContent, QuestionContent, Text
from apps.learning.enums import QuestionKind, QuestionUse

if TYPE_CHECKING:
    from apps.accounts.models import User


class Titled(models.Model):
    """Something with a title in both languages."""

    title_fr = models.CharField(max_length=160)
    title_en = models.CharField(max_length=160)
    title = Named()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Course(models.Model):
    """A course that proves a training. Its content is in its current version."""

    code = models.SlugField(primary_key=True, max_length=64)
    training = models.ForeignKey(Training, on_delete=models.PROTECT, related_name="courses")
    order = models.PositiveSmallIntegerField(default=0)
    current: models.OneToOneField[CourseVersion | None, CourseVersion | None] = models.OneToOneField(
        "learning.CourseVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="current_of"
    )

    class Meta:
        ordering = ["order", "code"]
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        permissions = [("manage_courses", "May see courses, their figures and people's progress in the staff area")]

    def __str__(self) -> str:
        return self.code

    @property
    def published(self) -> CourseVersion:
        """The current version. Raises ValueError if none was published yet (no page shows such a course)."""
        if self.current is None:
            raise ValueError(f"Course {self.code} has no published version.")
        return self.current

    @property
    def title(self) -> str:
        return self.published.title


class CourseVersion(Titled):
    """One published edition of a course. Never changed: a new text within the same major.minor is a new `revision`."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="versions")
    major = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    minor = models.PositiveSmallIntegerField(default=0)
    revision = models.PositiveSmallIntegerField(default=1)
    summary_fr = models.TextField()
    summary_en = models.TextField()
    summary = Named()
    outcomes: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(default=list)
    minutes = models.PositiveSmallIntegerField()
    draw = models.PositiveSmallIntegerField()
    pass_mark = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])
    valid_days = models.PositiveIntegerField(null=True, blank=True)
    redo_by = models.DateField(null=True, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by_fr = models.CharField(max_length=200, blank=True)
    reviewed_by_en = models.CharField(max_length=200, blank=True)
    reviewed_by = Bilingual()
    review_due = models.DateField(null=True, blank=True)
    content_hash = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    published_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["course", "-major", "-minor", "-revision"]
        verbose_name = _("course version")
        constraints = [
            models.UniqueConstraint(fields=["course", "major", "minor", "revision"], name="learning_version_once"),
            models.CheckConstraint(condition=Q(draw__gte=1, pass_mark__gte=1, pass_mark__lte=100), name="learning_version_quiz"),
        ]

    @property
    def number(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def outcome_lines(self) -> list[str]:
        """What people can do afterwards, in the active language."""
        return [str(Text(**line)) for line in self.outcomes]


class CourseSnapshot(models.Model):
    """Everything a version said, as evidence and for the next comparison. A table of its own, because it is large and rarely
    read."""

    version = models.OneToOneField(CourseVersion, primary_key=True, on_delete=models.PROTECT, related_name="snapshot")
    source_hash = models.CharField(max_length=64)
    content: models.JSONField[Any, Any] = models.JSONField()

    def __str__(self) -> str:
        return f"snapshot {self.version_id}"

    def read(self) -> CourseContent:
        return msgspec.convert(self.content, CourseContent)


class Module(Titled):
    """A chapter of a course. `retired_at`: no longer in the course; its row stays for what learners did."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="modules")
    code = models.SlugField(max_length=64)
    order = models.PositiveSmallIntegerField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["course", "order"]
        verbose_name = _("module")
        constraints = [models.UniqueConstraint(fields=["course", "code"], name="learning_module_code")]


class Question(models.Model):
    """One version of a question. Never changed once written: a corrected question is a new `number` of the same code."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="questions")
    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="questions")
    code = models.SlugField(max_length=64)
    number = models.PositiveSmallIntegerField(default=1)
    use = models.CharField(max_length=8, choices=QuestionUse)
    kind = models.CharField(max_length=12, choices=QuestionKind)
    content: models.JSONField[Any, Any] = models.JSONField()
    content_hash = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["course", "module__order", "code", "number"]
        verbose_name = _("question")
        constraints = [
            models.UniqueConstraint(fields=["course", "code", "number"], name="learning_question_number"),
            models.UniqueConstraint(
                fields=["course", "code"], condition=Q(is_current=True), name="learning_question_current_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} #{self.number}"

    @cached_property
    def body(self) -> QuestionContent:
        """The question itself."""
        return msgspec.convert(self.content, QuestionContent)


class Exercise(models.Model):
    """An exercise of the practice bench."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="exercises")
    code = models.SlugField(max_length=64)
    tries = models.PositiveSmallIntegerField()
    content: models.JSONField[Any, Any] = models.JSONField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["course", "code"]
        verbose_name = _("exercise")
        constraints = [models.UniqueConstraint(fields=["course", "code"], name="learning_exercise_code")]

    def __str__(self) -> str:
        return self.code

    @cached_property
    def body(self) -> ExerciseContent:
        return msgspec.convert(self.content, ExerciseContent)


class LessonQuerySet(models.QuerySet["Lesson"]):
    def live(self) -> LessonQuerySet:
        """Lessons that are in their course now, in reading order."""
        return self.filter(retired_at__isnull=True).order_by("course__order", "module__order", "order")


class Lesson(Titled):
    """One idea, one screen."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="lessons")
    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="lessons")
    code = models.SlugField(max_length=64)
    order = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()
    body_fr = models.TextField()
    body_en = models.TextField()
    body = Bilingual()  # with its variables: core.markdown replaces them
    check_question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.PROTECT, related_name="check_in")
    exercise = models.ForeignKey(Exercise, null=True, blank=True, on_delete=models.PROTECT, related_name="lessons")
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = LessonQuerySet.as_manager()

    class Meta:
        ordering = ["course", "module__order", "order"]
        verbose_name = _("lesson")
        constraints = [models.UniqueConstraint(fields=["course", "code"], name="learning_lesson_code")]
