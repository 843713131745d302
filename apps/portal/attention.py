"""What needs attention, for each member of staff among what they manage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.access import capabilities
from apps.access.models import Requirement, Waiver
from apps.access.queries import current_charter
from apps.accounts.queries import count_refused
from apps.core.dates import day
from apps.gateway.enums import STANDARD_ALIAS, Outcome
from apps.gateway.models import Alias, Provider, UsageEntry
from apps.gateway.queries import versions_ending

from .staff import dead_tasks

if TYPE_CHECKING:
    from apps.accounts.models import User

FAILURES_WITHIN = timedelta(hours=1)
FAILURES_FROM = 5  # a few failed calls happen to everybody
WAIVERS_WITHIN = timedelta(days=30)
VERSIONS_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Attention:
    """Something a member of staff should look at. `level`: bad or warm."""

    title: str
    text: str
    level: str
    url: str | None
    icon: str


def attention_for(user: User) -> list[Attention]:
    """Return what needs attention among what `user` may manage, the most pressing first."""
    found = [item for permission, look in _LOOKS if user.has_perm(permission) for item in look()]
    return sorted(found, key=lambda item: item.level != "bad")


def _dead_tasks() -> list[Attention]:
    count = dead_tasks().count()
    if not count:
        return []
    title = ngettext("%(count)s background task gave up", "%(count)s background tasks gave up", count) % {"count": count}
    return [Attention(title, _("See why, then replay them."), "bad", reverse("portal:tasks"), "activity")]


def _refused_sign_ins() -> list[Attention]:
    count = count_refused()
    if not count:
        return []
    title = ngettext("%(count)s refused sign-in waits", "%(count)s refused sign-ins wait", count) % {"count": count}
    text = _("Their address belongs to another account: say who they are.")
    return [Attention(title, text, "warm", reverse("accounts:refused_sign_ins"), "user-check")]


def _waivers_ending() -> list[Attention]:
    count = Waiver.objects.valid().filter(expires_at__lte=timezone.now() + WAIVERS_WITHIN).count()
    if not count:
        return []
    title = ngettext("%(count)s waiver ends within 30 days", "%(count)s waivers end within 30 days", count) % {"count": count}
    text = _("The people concerned lose what it opens on that day, unless they have passed the course.")
    return [Attention(title, text, "warm", _optional("access:waivers"), "clock")]


def _requirement_gaps() -> list[Attention]:
    asked: dict[str, list[Requirement]] = {}
    for requirement in Requirement.objects.select_related("training"):
        asked.setdefault(requirement.capability, []).append(requirement)
    url = _optional("access:requirements")
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


def _providers_failing() -> list[Attention]:
    lately = UsageEntry.objects.filter(started_at__gte=timezone.now() - FAILURES_WITHIN).order_by()
    calls = {
        row["version__provider"]: (row["calls"], row["failures"])
        for row in lately.values("version__provider").annotate(
            calls=Count("pk"), failures=Count("pk", filter=Q(outcome=Outcome.FAILED))
        )
    }
    url = _optional("gateway:providers")
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
    standard = Alias.objects.filter(pk=STANDARD_ALIAS).select_related("target__provider").first()
    if standard is None or standard.target is None or standard.target.is_retired() or not standard.target.provider.enabled:
        found.append(
            Attention(
                _("No model answers by default"),
                _("Nobody can start a conversation until the standard model points to a version in service."),
                "bad",
                _optional("gateway:models") or url,
                "bot",
            )
        )
    return found


def _versions_ending() -> list[Attention]:
    found = []
    for version in versions_ending(within=VERSIONS_WITHIN):
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


_LOOKS: list[tuple[str, Callable[[], list[Attention]]]] = [
    ("core.manage_tasks", _dead_tasks),
    ("accounts.manage_people", _refused_sign_ins),
    ("gateway.manage_models", _providers_failing),
    ("gateway.manage_models", _versions_ending),
    ("access.manage_access", _requirement_gaps),
    ("access.manage_access", _waivers_ending),
]


def _optional(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
