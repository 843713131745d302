"""Everything learning reads across models. Missing and forbidden look the same."""

from .pages import (
    CoursePage,
    LessonPage,
    certificates_of,
    course_page,
    find_certificate,
    lesson_page,
    readable_lessons,
)
from .practice import answer_html, open_exercises, stored_try, tries_of
from .published import charter_is_published_otherwise, published_snapshots, published_sources, training_codes
from .quiz import (
    attempts_of,
    first_unanswered,
    question_page,
    responses_of,
    result_page,
    review_page,
)
from .standing import Progress, Step, path_for, progress_for, published_courses, training_url, valid_award

__all__ = [
    "CoursePage",
    "LessonPage",
    "Progress",
    "Step",
    "answer_html",
    "attempts_of",
    "certificates_of",
    "charter_is_published_otherwise",
    "course_page",
    "find_certificate",
    "first_unanswered",
    "lesson_page",
    "open_exercises",
    "path_for",
    "progress_for",
    "published_courses",
    "published_snapshots",
    "published_sources",
    "question_page",
    "readable_lessons",
    "responses_of",
    "result_page",
    "review_page",
    "stored_try",
    "training_codes",
    "training_url",
    "tries_of",
    "valid_award",
]
