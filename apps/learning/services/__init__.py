"""Everything learning writes. Each name below is one verb; its docstring names every side effect."""

from .progress import answer_check, enrol, finish_lesson, open_cycle, see_lesson
from .publishing import publish_content, publish_course
from .quiz import save_answer, start_attempt, submit_attempt

__all__ = [
    "answer_check",
    "enrol",
    "finish_lesson",
    "open_cycle",
    "publish_content",
    "publish_course",
    "save_answer",
    "see_lesson",
    "start_attempt",
    "submit_attempt",
]
