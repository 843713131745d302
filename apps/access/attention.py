"""What staff who manage access should look at."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.attention import Attention

from . import capabilities
from .models import Requirement, Waiver
from .queries import current_charter

WAIVERS_WITHIN = timedelta(days=30)


def requirement_gaps() -> list[Attention]:
    """Return the rights that nobody can get, and why. Two queries, and one for where trainings are taken."""
    asked: dict[str, list[Requirement]] = {}
    for requirement in Requirement.objects.select_related("training"):
        asked.setdefault(requirement.capability, []).append(requirement)
    url = reverse("access:requirements")
    found = [
        Attention(
            _("%(what)s is closed to everyone") % {"what": capability.label},
            _("No training has been set for it: nobody can get this right."),
            "bad",
            url,
            "lock",
        )
        for capability in capabilities.all_capabilities()
        if capability.code not in asked
    ]
    trainings = {
        requirement.training
        for requirements in asked.values()
        for requirement in requirements
        if requirement.training is not None
    }
    found += [
        Attention(
            _("Nobody can take “%(training)s” here") % {"training": training.title},
            _("A right asks for it, but no course offers it: only an import or a waiver can prove it."),
            "warm",
            url,
            "graduation-cap",
        )
        for training in sorted(trainings, key=lambda training: training.order)
        if capabilities.training_link(training.code) is None
    ]
    if any(requirement.charter for group in asked.values() for requirement in group) and current_charter() is None:
        found.append(
            Attention(
                _("No charter is in force"),
                _("A right asks for a signed charter, but there is none to sign."),
                "bad",
                url,
                "file-text",
            )
        )
    return found


def waivers_ending() -> list[Attention]:
    """Return how many waivers end soon. One query."""
    count = Waiver.objects.valid().filter(expires_at__lte=timezone.now() + WAIVERS_WITHIN).count()
    if not count:
        return []
    title = ngettext("%(count)s waiver ends within 30 days", "%(count)s waivers end within 30 days", count) % {"count": count}
    text = _("The people concerned lose what it opens on that day, unless they have passed the course.")
    return [Attention(title, text, "warm", reverse("access:waivers"), "clock")]
