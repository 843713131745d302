"""What staff who put the portal into service and manage its background tasks should look at."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import setting_up
from apps.core.attention import Attention

from .staff import dead_tasks


def tasks_given_up() -> list[Attention]:
    """Return how many background tasks gave up. One query."""
    count = dead_tasks().count()
    if not count:
        return []
    title = ngettext("%(count)s background task gave up", "%(count)s background tasks gave up", count) % {"count": count}
    return [Attention(title, _("See why, then replay them."), "bad", reverse("portal:tasks"), "activity")]


def setting_up_left() -> list[Attention]:
    """Return how many steps of setting up are left. As many queries as the steps' looks need."""
    return setting_up.steps_left(url=reverse("portal:setting_up"))
