from .content import Course, CourseSnapshot, CourseVersion, Exercise, Lesson, Module, Question
from .jobs import JobExamples
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
    "JobExamples",
    "Lesson",
    "LessonProgress",
    "Module",
    "PracticeTry",
    "Question",
    "Response",
]
