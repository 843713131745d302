from .content import Course, CourseSnapshot, CourseVersion, Exercise, Lesson, Module, Question
from .practice import Bench, PracticeTry
from .progress import CheckAnswer, Enrolment, LessonProgress
from .quiz import Attempt, Certificate, Response

__all__ = [
    "Attempt",
    "Bench",
    "Certificate",
    "CheckAnswer",
    "Course",
    "CourseSnapshot",
    "CourseVersion",
    "Enrolment",
    "Exercise",
    "Lesson",
    "LessonProgress",
    "Module",
    "PracticeTry",
    "Question",
    "Response",
]
