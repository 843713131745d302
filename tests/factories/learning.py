"""Small courses, published as the importer publishes them, and people who went through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from apps.accounts.models import User
from apps.learning import services
from apps.learning.content import (
    Category,
    Choice,
    CourseContent,
    ExerciseContent,
    Item,
    LessonContent,
    ModuleContent,
    QuestionContent,
    Text,
)
from apps.learning.grading import Answer
from apps.learning.importing import ParsedCourse
from apps.learning.models import Attempt, Course, Lesson

MODULES = ("first", "second")


def text(words: str) -> Text:
    return Text(f"{words} (fr)", f"{words} (en)")


def single(code: str, module: str = "first", use: str = "quiz", **fields: Any) -> QuestionContent:
    """A question whose right answer is `a`."""
    choices = tuple(
        Choice(id=letter, text=text(f"{code} {letter}"), why=text(f"why {code} {letter}"), correct=letter == "a")
        for letter in "abc"
    )
    return QuestionContent(
        id=code,
        module=module,
        use=use,
        kind="single",
        prompt=text(f"prompt {code}"),
        explanation=text(f"explained {code}"),
        **{"choices": choices, **fields},
    )


def multiple(code: str, module: str = "first") -> QuestionContent:
    """A question whose right answers are `a` and `b`."""
    choices = tuple(
        Choice(id=letter, text=text(f"{code} {letter}"), why=text(f"why {code} {letter}"), correct=letter in "ab")
        for letter in "abcd"
    )
    return msgspec.structs.replace(single(code, module), kind="multiple", choices=choices)


def classify(code: str, module: str = "first") -> QuestionContent:
    """A question whose items `one` and `two` belong in `left` and `right`."""
    return msgspec.structs.replace(
        single(code, module),
        kind="classify",
        choices=(),
        categories=(Category(id="left", text=text("left")), Category(id="right", text=text("right"))),
        items=(
            Item(id="one", category="left", text=text(f"{code} one"), why=text("why one")),
            Item(id="two", category="right", text=text(f"{code} two"), why=text("why two")),
        ),
    )


def course_content(code: str = "course", **fields: Any) -> CourseContent:
    """Two modules of two lessons, a check in the first lesson and an exercise in the second, and six quiz questions: four are
    drawn, three must be right."""
    lessons = {
        "first": (
            LessonContent(id="one", minutes=1, title=text("Lesson one"), body=text("Body one."), check="check-one"),
            LessonContent(id="two", minutes=2, title=text("Lesson two"), body=text("Body two."), practice="exercise"),
        ),
        "second": (
            LessonContent(id="three", minutes=1, title=text("Lesson three"), body=text("Body three.")),
            LessonContent(id="four", minutes=1, title=text("Lesson four"), body=text("Body four.")),
        ),
    }
    content = CourseContent(
        id=code,
        major=1,
        minor=0,
        order=1,
        training=code,
        minutes=10,
        title=text(f"Course {code}"),
        summary=text("Summary"),
        outcomes=(text("Outcome 1"), text("Outcome 2"), text("Outcome 3")),
        draw=4,
        pass_mark=75,
        modules=tuple(ModuleContent(id=name, title=text(f"Module {name}"), lessons=lessons[name]) for name in MODULES),
        questions=(
            single("check-one", use="check"),
            *(make(f"q-{kind}-{name}", name) for name in MODULES for kind, make in QUIZ.items()),
        ),
        exercises=(
            ExerciseContent(
                id="exercise",
                tries=3,
                task=text("Task"),
                starter=text("Weak prompt"),
                look_for=(text("Look 1"), text("Look 2")),
                material=text("Material"),
            ),
        ),
        valid_days=365,
    )
    return msgspec.structs.replace(content, **fields)


QUIZ = {"single": single, "multiple": multiple, "classify": classify}


def publish(content: CourseContent | None = None, **fields: Any) -> Course:
    """Publish `content`, or a small course, and return it."""
    content = content or course_content(**fields)
    parsed = ParsedCourse(content, source_hash="", version_at=(Path("course.yaml"), 1))
    return services.publish_course(parsed=parsed).course


def right_answer(question: QuestionContent) -> Answer:
    if question.kind == "classify":
        return {item.id: item.category for item in question.items}
    return sorted(choice.id for choice in question.choices if choice.correct)


def wrong_answer(question: QuestionContent) -> Answer:
    if question.kind == "classify":
        return {item.id: question.items[0].category for item in question.items}
    return ["c"]


def finish_lessons(user: User, course: Course) -> None:
    """Do every lesson of `course`, checks included."""
    for lesson in Lesson.objects.live().filter(course=course).select_related("course", "check_question"):
        if lesson.check_question:
            services.answer_check(user=user, lesson=lesson, answer=right_answer(lesson.check_question.body))
        services.finish_lesson(user=user, lesson=lesson)


def take_quiz(user: User, course: Course, *, wrong: int = 0) -> Attempt:
    """Start a quiz and answer all its questions, `wrong` of them wrongly; it is not handed in."""
    attempt = services.start_attempt(user=user, course=course)
    for number, response in enumerate(attempt.responses.select_related("question").order_by("position")):
        answer = wrong_answer if number < wrong else right_answer
        services.save_answer(response=response, answer=answer(response.question.body))
    return attempt


def pass_course(user: User, course: Course) -> Attempt:
    """Go through `course` and pass its quiz."""
    finish_lessons(user, course)
    return services.submit_attempt(attempt=take_quiz(user, course))
