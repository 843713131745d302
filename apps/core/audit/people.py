"""People in the trail: under pseudonyms, found by those who know the person."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models

SYSTEM = "system"


def pseudonym(user: models.Model | None) -> str:
    """Return the stable pseudonym of `user` in the trail (`system` for None). Only a holder of the key can reverse it."""
    if user is None:
        return SYSTEM
    return _pseudonym_of(str(user.pk))


def _pseudonym_of(key: str) -> str:
    return hmac.new(settings.AUDIT_KEY.encode(), f"audit:{key}".encode(), hashlib.sha256).hexdigest()[:32]


def target_of(thing: models.Model | str) -> str:
    """Return `thing` as an entry names its target: `app.Model:pk`, a person by their pseudonym."""
    if isinstance(thing, str):
        return thing
    key = pseudonym(thing) if isinstance(thing, get_user_model()) else thing.pk
    return f"{thing._meta.label}:{key}"


def shown_target(target: str) -> str:
    """Return the target of an entry as it may be shown: entries from before targets were pseudonymous name a person's id."""
    label, _, key = target.partition(":")
    is_plain = label == get_user_model()._meta.label and "-" in key
    return f"{label}:{_pseudonym_of(key)}" if is_plain else target


def entries_of(person: models.Model) -> models.Q:
    """Return the condition for entries that `person` wrote or that are about them, including those that name a plain id."""
    return models.Q(actor=pseudonym(person)) | models.Q(subject=pseudonym(person)) | _with_target(person)


def changes_to(person: models.Model) -> models.Q:
    """Return the condition for entries about what was done to `person` or to their account, by others or by themselves; not about
    what they did with anything else."""
    mark = pseudonym(person)
    return _with_target(person) | (models.Q(subject=mark) & ~models.Q(actor=mark))


def _with_target(person: models.Model) -> models.Q:
    return models.Q(target__in=[target_of(person), f"{person._meta.label}:{person.pk}"])
