from __future__ import annotations

from django.conf import settings

from apps.accounts.enums import Theme
from apps.accounts.models import User


def set_language(*, user: User, language: str) -> None:
    """Store the language `user` wants; empty: as their browser asks. No audit entry: it concerns nobody else.

    Raises ValueError for a language the portal does not speak.
    """
    if language and language not in dict(settings.LANGUAGES):
        raise ValueError(f"No such language: {language!r}.")
    User.objects.filter(pk=user.pk).update(language=language)
    user.language = language


def set_theme(*, user: User, theme: Theme) -> None:
    """Store the appearance `user` wants. No audit entry: it concerns nobody else."""
    User.objects.filter(pk=user.pk).update(theme=theme.value)
    user.theme = theme.value
