"""What staff who manage models should look at."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.attention import Attention
from apps.core.dates import day

from . import queries
from .enums import Outcome
from .models import Provider, UsageEntry

FAILURES_WITHIN = timedelta(hours=1)
FAILURES_FROM = 5  # a few failed calls are normal
VERSIONS_WITHIN = timedelta(days=30)


def providers_failing() -> list[Attention]:
    """Return the providers that fail, and whether the default model answers. Three queries."""
    lately = UsageEntry.objects.filter(started_at__gte=timezone.now() - FAILURES_WITHIN).order_by()
    calls = {
        row["version__provider"]: (row["calls"], row["failures"])
        for row in lately.values("version__provider").annotate(
            calls=Count("pk"), failures=Count("pk", filter=Q(outcome=Outcome.FAILED))
        )
    }
    url = reverse("gateway:providers")
    found = []
    for provider in Provider.objects.filter(enabled=True).order_by("name"):
        made, failures = calls.get(provider.pk, (0, 0))
        title = _("The provider “%(name)s” fails") % {"name": provider.name}
        if provider.trouble:
            found.append(Attention(title, provider.trouble, "bad", url, "server"))
        elif failures >= FAILURES_FROM and failures * 2 >= made:
            text = ngettext(
                "%(failures)s of %(calls)s call failed within an hour.",
                "%(failures)s of %(calls)s calls failed within an hour.",
                made,
            )
            text %= {"failures": failures, "calls": made}
            found.append(Attention(title, text, "bad", url, "server"))
    standard = queries.standard_alias()
    if standard is None or not standard.answers:
        found.append(
            Attention(
                _("No model answers by default"),
                _("Nobody can start a conversation until the standard model points to a version in service."),
                "bad",
                reverse("gateway:models"),
                "bot",
            )
        )
    return found


def versions_ending() -> list[Attention]:
    """Return the versions that will soon answer nobody. Two queries."""
    found = []
    for version in queries.versions_ending(within=VERSIONS_WITHIN):
        days, ends = version.days_left, version.retires_on
        assert days is not None
        assert ends is not None
        title = ngettext("“%(version)s” is refused in %(days)s day", "“%(version)s” is refused in %(days)s days", days)
        ends_on = day(ends)
        names = ", ".join(str(alias) for alias in version.aliases.all())
        if names:
            text = _("From %(date)s on it answers nobody, and these names still lead to it: %(names)s.") % {
                "date": ends_on,
                "names": names,
            }
        else:
            text = _("From %(date)s on it answers nobody. No name leads to it: only who has chosen it is concerned.") % {
                "date": ends_on
            }
        url = reverse("gateway:version", args=[version.pk])
        found.append(Attention(title % {"version": version, "days": days}, text, "warm", url, "clock"))
    return found
