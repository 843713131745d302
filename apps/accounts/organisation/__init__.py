"""The organisation that Almia serves: what it is called, whom to ask there, and how shipped texts say so.

Texts contain variables (`{{organisation}}`, `{{de organisation}}`, `{{organisation’s}}`), stored as written and replaced
when they are shown: a name that staff change is right everywhere at once. Models with such texts return them through `filled`;
Markdown is filled by `core.markdown` through `ArticleVariables`. `docs/courses.md` explains the variables to authors.
"""

from .current import current, forget, support_email
from .model import ApprovedTool, Organisation
from .showing import ArticleVariables, KeptVariables, Named, filled, sayings, values_in, with_values
from .variables import UNCLOSED, WORDS, problem_with, problems_in

__all__ = [
    "UNCLOSED",
    "WORDS",
    "ApprovedTool",
    "ArticleVariables",
    "KeptVariables",
    "Named",
    "Organisation",
    "current",
    "filled",
    "forget",
    "problem_with",
    "problems_in",
    "sayings",
    "support_email",
    "values_in",
    "with_values",
]
