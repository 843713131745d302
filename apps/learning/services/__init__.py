"""Everything learning writes. Each name below is one verb; its docstring names every side effect."""

from .publishing import publish_content, publish_course

__all__ = ["publish_content", "publish_course"]
