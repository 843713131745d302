"""Everything learning writes. Each name below is one verb; its docstring names every side effect."""

from .jobs import choose_job_examples
from .practice import TRY, end_try, keep_try, start_try, stop_try
from .progress import answer_check, enrol, finish_lesson, open_cycle, see_lesson
from .publishing import enforce_redo_dates, publish_content, publish_course, publish_shipped, record_export
from .quiz import save_answer, start_attempt, submit_attempt

__all__ = [
    "TRY",
    "answer_check",
    "choose_job_examples",
    "end_try",
    "enforce_redo_dates",
    "enrol",
    "finish_lesson",
    "keep_try",
    "open_cycle",
    "publish_content",
    "publish_course",
    "publish_shipped",
    "record_export",
    "save_answer",
    "see_lesson",
    "start_attempt",
    "start_try",
    "stop_try",
    "submit_attempt",
]
