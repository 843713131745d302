from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import translation

from apps.access.enums import StepState
from apps.learning import words
from apps.learning.queries import CoursePage, Standing
from apps.learning.queries.pages import LessonRow, ModuleOutline

NEW = Standing(
    course="c", training="t", title="Course", summary="", version="1.0", state=StepState.CURRENT, minutes=10, minutes_left=10,
    lessons_done=0, lessons_total=4, module=1, modules=2, module_title="", lesson_title=None, url="", course_url="",
    started=False, lessons_complete=False, attempt_open=False, cycle=0, waived=False, renewable=False, done_at=None, until=None,
    redo_by=None,
)  # fmt: skip
STARTED: dict[str, Any] = {"started": True, "cycle": 1, "lesson_title": "One"}
PASSED: dict[str, Any] = {"state": StepState.DONE, "done_at": datetime(2026, 3, 2, 10, tzinfo=UTC)}
LATER = datetime(2027, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "10 minutes · 4 short lessons"),
        ({"minutes": 1, "lessons_total": 1}, "1 minute · 1 short lesson"),
        ({"state": StepState.EXPIRED}, "To be taken again: what you had passed no longer counts · 10 minutes · 4 short lessons"),
        ({"state": StepState.EXPIRED, "done_at": LATER}, "10 minutes · 4 short lessons"),
        (STARTED, "Module 1 of 2 · about 10 minutes left"),
        ({**STARTED, "minutes_left": 1, "lessons_complete": True}, "All lessons done: the quiz is open · about 1 minute left"),
        ({**STARTED, "attempt_open": True}, "Quiz under way · about 10 minutes left"),
        (PASSED, "Passed on 2 March 2026"),
        ({**PASSED, "until": LATER}, "Passed on 2 March 2026 · valid until 2 March 2027"),
        (
            {**PASSED, "redo_by": date(2026, 5, 1)},
            "Passed on 2 March 2026 · the course has changed: take it again by 1 May 2026",
        ),
        ({**PASSED, **STARTED}, "Module 1 of 2 · about 10 minutes left"),
        ({"state": StepState.DONE, "waived": True, "until": LATER}, "You need not take this course until 2 March 2027"),
    ],
)
def test_where_somebody_stands(fields: dict[str, Any], said: str) -> None:
    assert replace(NEW, **fields).in_words == said


def page(*, here: bool = True, attempts: tuple[Any, ...] = (), **fields: Any) -> CoursePage:
    lessons = (LessonRow("one", "One", 5, done=False, here=here, practice=False),)
    return CoursePage(replace(NEW, **fields), [], 75, 4, None, (ModuleOutline(1, "First", lessons),), attempts, None)


class Failed:
    passed = False


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (page(**STARTED), "Start the first lesson"),
        (page(**STARTED, here=False), "Resume “One”"),
        (page(**STARTED, lessons_done=1), "Resume “One”"),
        (page(**STARTED, lessons_complete=True), "Take the final quiz"),
        (page(**STARTED, lessons_complete=True, attempts=(Failed,)), "Try the quiz again"),
        (page(**STARTED, lessons_complete=True, attempt_open=True), "Go on with the quiz"),
    ],
)
def test_where_one_goes_on(shown: CoursePage, said: str) -> None:
    assert shown.go_on == said


@pytest.mark.parametrize(
    ("fields", "said", "may_start", "invites"),
    [
        ({}, "Start the course", True, True),
        ({"state": StepState.EXPIRED}, "Take the course again", True, True),
        (PASSED, "Take the course anyway", True, False),
        ({**PASSED, "cycle": 1}, "Take the course again", False, False),
        ({**PASSED, "cycle": 1, "renewable": True, "redo_by": date(2026, 5, 1)}, "Take the course again", True, True),
    ],
)
def test_beginning(fields: dict[str, Any], said: str, may_start: bool, invites: bool) -> None:
    standing = replace(NEW, **fields)
    assert (words.start(standing), standing.may_start, standing.invites) == (said, may_start, invites)


def test_the_quiz_says_whether_it_was_tried_before() -> None:
    first, again = page(**STARTED), page(**STARTED, attempts=(Failed,))
    waiting = page(**STARTED, attempts=(Failed,), attempt_open=True)
    titles = [shown.quiz_title for shown in (first, again, waiting)]
    assert titles == ["You have done all the lessons", "Ready for another go?", "Your quiz is waiting for you"]
    assert len({shown.quiz_lead for shown in (first, again, waiting)}) == 3
