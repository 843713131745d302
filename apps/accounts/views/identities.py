"""Staff: sign-ins that were refused because the address belongs to another account, and the rules of the company's sign-in."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import queries, services
from apps.accounts.enums import Decision
from apps.accounts.forms import DecisionForm, ReasonForm, SignInRulesForm
from apps.accounts.models import RefusedSignIn, User
from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_on, refusals_told

from .people import PER_PAGE, may_manage


@require_safe
@may_manage
def refused(request: SignedInRequest) -> HttpResponse:
    """The list of what waits for a decision."""
    page = Paginator(queries.refused_sign_ins(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/people/refused.html", {"page": page})


@require_http_methods(["GET", "POST"])
@may_manage
def decide(request: SignedInRequest, refused_id: uuid.UUID) -> HttpResponse:
    """Who was refused and who holds the address, side by side, and what staff decide."""
    found = queries.get_refused(refused_id)
    identities = queries.identities_of(found.holder)
    form = DecisionForm(request.POST if request.method == "POST" else None, refused=found, tied=bool(identities))
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            done = _decide(found, form, actor=request.user)
            messages.success(request, done)
            return redirect("accounts:refused_sign_ins")
    context = {
        "refused": found,
        "holder": found.holder,
        "identities": identities,
        "protection": queries.protection_of(found.holder),
        "form": form,
    }
    return render(request, "accounts/people/refused_one.html", context, status=422 if form.errors else 200)


def _decide(refused: RefusedSignIn, form: DecisionForm, *, actor: User) -> str:
    """Do what was decided; return what to say. Raises AccountError."""
    decision, reason = Decision(form.cleaned_data["decision"]), form.cleaned_data["reason"]
    if decision is Decision.SAME:
        holder = services.tie_refused(refused_id=refused.pk, replace=form.replaces(), actor=actor, reason=reason)
        if not holder.is_active:
            return _("The sign-in is tied to the account of %(name)s, which stays closed until you open it.") % {"name": holder}
        return _("From now on this sign-in opens the account of %(name)s.") % {"name": holder}
    if decision is Decision.ANOTHER:
        services.give_address_away(refused_id=refused.pk, actor=actor, reason=reason)
        return _("The address is free and the account that held it is closed. At their next sign-in they can have it.")
    services.dismiss_refused(refused_id=refused.pk, actor=actor, reason=reason)
    return _("Nothing has changed. If they try again, you see it here again.")


@require_http_methods(["GET", "POST"])
@may_manage
def rules(request: SignedInRequest) -> HttpResponse:
    """What an arriving identity may do and bring."""
    form = SignInRulesForm(request.POST if request.method == "POST" else None, instance=queries.sign_in_rules())
    if request.method == "POST" and form.is_valid():
        services.change_sign_in_rules(**form.cleaned_data, actor=request.user)
        messages.success(request, _("The rules apply from the next sign-in on."))
        return redirect("accounts:sign_in_rules")
    context = {"form": form}
    return render(request, "accounts/people/rules.html", context, status=422 if form.errors else 200)


@require_POST
@may_manage
def untie(request: SignedInRequest, person_id: uuid.UUID, identity_id: int) -> HttpResponse:
    """Take an identity away from a person, with a reason."""
    found = queries.get_person(person_id)
    form = ReasonForm(request.POST, prefix=f"untie-{identity_id}")
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    with refusals_told(request):
        services.untie_identity(user=found, identity_id=identity_id, actor=request.user, reason=reason)
        messages.success(request, _("This identity no longer opens the account of %(name)s.") % {"name": found})
    return redirect("accounts:person", found.pk)
