"""Reading shipped content: every file is read and checked before anything is written, and all problems are reported at once.

`read_courses`, `read_charters`, `read_requirements` and `read_jobs` return what the files contain and add what is wrong with
them to a `Problems`. If there are problems, what is returned is not fit to be published.
"""

from .charter import CharterContent, read_charters
from .courses import ParsedCourse, read_courses
from .difference import Difference, compare
from .jobs import EVERYONE, JobExample, JobFamily, read_jobs
from .problems import Problem, Problems
from .requirements import RequirementContent, read_requirements

__all__ = [
    "EVERYONE",
    "CharterContent",
    "Difference",
    "JobExample",
    "JobFamily",
    "ParsedCourse",
    "Problem",
    "Problems",
    "RequirementContent",
    "compare",
    "read_charters",
    "read_courses",
    "read_jobs",
    "read_requirements",
]
