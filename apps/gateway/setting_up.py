"""The steps of setting up that are about models."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.dates import day
from apps.core.enums import Readiness
from apps.core.setting_up import Standing, Trial

from . import queries
from .models import Provider


def providers() -> Standing:
    """Whether there is a provider to call. One query."""
    found = list(Provider.objects.filter(enabled=True).order_by("name"))
    if not found:
        return Standing(Readiness.TODO, _("No provider is in use."))
    troubled = next((provider for provider in found if provider.trouble), None)
    if troubled is not None:
        return Standing(Readiness.FAILING, f"{troubled.name}: {troubled.trouble}", _trial_of(troubled))
    sentence = ngettext("%(count)s provider in use: %(names)s.", "%(count)s providers in use: %(names)s.", len(found))
    names = ", ".join(provider.name for provider in found)
    return Standing(Readiness.DONE, sentence % {"count": len(found), "names": names}, _trial_of(found[0]))


def standard_model() -> Standing:
    """Whether the standard model answers, and when it last did. Two queries. No call is made: reading a page costs nothing."""
    alias = queries.standard_alias()
    if alias is None or alias.target is None:
        return Standing(Readiness.TODO, _("The standard model points to no version: nobody can start a conversation."))
    version = alias.target
    if not alias.answers:
        return Standing(
            Readiness.FAILING, _("The standard model points to %(version)s, which is not in use.") % {"version": version}
        )
    answered = queries.last_answer(version)
    trial = _trial_of(version.provider)
    if answered is None:
        sentence = _("The standard model is %(version)s at %(provider)s. It has never answered: test it.")
        return Standing(Readiness.TODO, sentence % {"version": version, "provider": version.provider}, trial)
    sentence = _("The standard model is %(version)s at %(provider)s. It last answered on %(date)s.")
    return Standing(Readiness.DONE, sentence % {"version": version, "provider": version.provider, "date": day(answered)}, trial)


def _trial_of(provider: Provider) -> Trial:
    return Trial(_("Test the connection"), reverse("gateway:test_provider", args=[provider.pk]))
