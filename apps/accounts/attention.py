"""What staff who manage people should look at."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.attention import Attention

from .queries import count_refused


def refused_sign_ins() -> list[Attention]:
    """Return how many refused sign-ins wait for a decision. One query."""
    count = count_refused()
    if not count:
        return []
    title = ngettext("%(count)s refused sign-in is waiting", "%(count)s refused sign-ins are waiting", count) % {"count": count}
    text = _("Their address belongs to another account: say who they are.")
    return [Attention(title, text, "warm", reverse("accounts:refused_sign_ins"), "user-check")]
