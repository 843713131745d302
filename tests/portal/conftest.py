from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.access.models import Training
from apps.learning.models import Course, CourseVersion, Lesson, Module


@pytest.fixture
def teach(db: None) -> Callable[..., Course]:
    """Return a function that publishes a course of some one-minute lessons for a training."""

    def make(training: Training, *, lessons: int = 3) -> Course:
        course = Course.objects.create(code=training.code, training=training, order=training.order)
        course.current = CourseVersion.objects.create(
            course=course,
            major=1,
            title_fr=training.title_fr,
            title_en=training.title_en,
            summary_fr="Résumé",
            summary_en="Summary",
            minutes=lessons + 5,
            draw=5,
            pass_mark=80,
            content_hash="x",
        )
        course.save()
        module = Module.objects.create(course=course, code="m", order=1, title_fr="Module", title_en="Module")
        for number in range(1, lessons + 1):
            Lesson.objects.create(
                course=course,
                module=module,
                code=f"lesson-{number}",
                order=number,
                minutes=1,
                title_fr=f"Leçon {number}",
                title_en=f"Lesson {number}",
                body_fr="Texte",
                body_en="Text",
            )
        return course

    return make
