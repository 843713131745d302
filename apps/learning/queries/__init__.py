"""Everything learning reads across models. Missing and forbidden look the same."""

from .figures import (
    CourseFigures,
    LearnerRow,
    course_figures,
    learner_rows,
    learners,
    question_figures,
    versions_of,
)
from .pages import (
    CoursePage,
    LessonPage,
    certificate_links,
    certificates_of,
    course_page,
    find_certificate,
    lesson_page,
    preview_page,
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
from .standing import Progress, Standing, courses_panel, path_for, progress_for, published_courses, training_url, valid_award

__all__ = [
    "CourseFigures",
    "CoursePage",
    "LearnerRow",
    "LessonPage",
    "Progress",
    "Standing",
    "answer_html",
    "attempts_of",
    "certificate_links",
    "certificates_of",
    "charter_is_published_otherwise",
    "course_figures",
    "course_page",
    "courses_panel",
    "find_certificate",
    "first_unanswered",
    "learner_rows",
    "learners",
    "lesson_page",
    "open_exercises",
    "path_for",
    "preview_page",
    "progress_for",
    "published_courses",
    "published_snapshots",
    "published_sources",
    "question_figures",
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
    "versions_of",
]
