"""Staff: giving proofs to somebody and revoking them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.access import queries, services
from apps.access.forms import AwardForm, ReasonForm, WaiverForm, end_of
from apps.accounts.models import User
from apps.accounts.queries import get_person
from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_on

from .requirements import may_manage


def _page(
    request: SignedInRequest, person: User, form: Form, act: Callable[[dict[str, Any]], None], words: dict[str, Any], done: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            act(form.cleaned_data)
            messages.success(request, done)
            return redirect("accounts:person", person.pk)
    context = {"person": person, "form": form, **words}
    return render(request, "access/staff/proof_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def award(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Enter a proof for somebody."""
    person = get_person(person_id)

    def act(data: dict[str, Any]) -> None:
        services.award_by_hand(
            user=person,
            training=data["training"],
            major=data["major"],
            evidence=data["evidence"],
            expires_at=end_of(data["until"]) if data["until"] else None,
            actor=request.user,
        )

    words = {
        "title": _("Enter a proof"),
        "lead": _("For a training taken outside Almia."),
        "action": _("Enter this proof"),
    }
    return _page(request, person, AwardForm(request.POST or None), act, words, _("The proof is entered, and counts at once."))


@require_http_methods(["GET", "POST"])
@may_manage
def waive(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """Excuse somebody from a training for a time."""
    person = get_person(person_id)

    def act(data: dict[str, Any]) -> None:
        services.grant_waiver(
            user=person,
            training=data["training"],
            reason=data["reason"],
            expires_at=end_of(data["until"]),
            actor=request.user,
        )

    words = {
        "title": _("Grant a waiver"),
        "lead": _("The training counts as done until a day you choose."),
        "action": _("Grant the waiver"),
    }
    return _page(request, person, WaiverForm(request.POST or None), act, words, _("The waiver is granted, and counts at once."))


@require_http_methods(["GET", "POST"])
@may_manage
def revoke(request: SignedInRequest, award_id: uuid.UUID) -> HttpResponse:
    """Revoke an award."""
    found = queries.get_award(award_id)

    def act(data: dict[str, Any]) -> None:
        services.revoke_award(award=found, actor=request.user, reason=data["reason"])

    words = {
        "title": _("Withdraw this proof"),
        "lead": _("“%(training)s” no longer counts, at once. The record stays.") % {"training": found.training.title},
        "action": _("Withdraw the proof"),
        "danger": True,
    }
    return _page(request, found.user, ReasonForm(request.POST or None), act, words, _("The proof is withdrawn."))


@require_http_methods(["GET", "POST"])
@may_manage
def withdraw(request: SignedInRequest, waiver_id: uuid.UUID) -> HttpResponse:
    """End a waiver before its day."""
    found = queries.get_waiver(waiver_id)

    def act(data: dict[str, Any]) -> None:
        services.withdraw_waiver(waiver=found, actor=request.user, reason=data["reason"])

    words = {
        "title": _("End this waiver"),
        "lead": _("“%(training)s” is asked for again, at once.") % {"training": found.training.title},
        "action": _("End the waiver"),
        "danger": True,
    }
    return _page(request, found.user, ReasonForm(request.POST or None), act, words, _("The waiver has ended."))
