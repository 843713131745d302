"""Staff: what each capability asks for, current waivers, versions of the charter."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.access import queries
from apps.access.forms import AskForm
from apps.access.impact import Ask, asks_of, impact_of, with_ask, without_ask
from apps.access.services import add_requirement, remove_requirement
from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_told

PER_PAGE = 50
may_manage = permission_required("access.manage_access", raise_exception=True)


@require_safe
@may_manage
def index(request: SignedInRequest) -> HttpResponse:
    """Every capability and what it asks for."""
    return render(request, "access/staff/requirements.html", {"asked": queries.requirements_by_capability()})


@require_http_methods(["GET", "POST"])
@may_manage
def ask(request: SignedInRequest, capability: str) -> HttpResponse:
    """Ask for something more, or a later version: choose it (GET), see whom it affects (GET with the choice), do it (POST)."""
    found = queries.get_capability(capability)
    chosen = request.POST if request.method == "POST" else request.GET if "what" in request.GET else None
    form = AskForm(chosen)
    context: dict[str, Any] = {"capability": found, "form": form}
    if chosen is not None and form.is_valid():
        training, min_major = form.training, form.cleaned_data["min_major"]
        if request.method == "POST":
            add_requirement(
                capability=found.code,
                training=training,
                min_major=min_major if training else 1,
                charter=training is None,
                actor=request.user,
            )
            messages.success(request, _("“%(what)s” asks for this from now on.") % {"what": found.label})
            return redirect("access:requirements")
        before = asks_of(found.code)
        after = with_ask(before, Ask(training.code if training else None, min_major if training else 1))
        context |= {"training": training, "min_major": min_major, "impact": impact_of(before=before, after=after)}
        return render(request, "access/staff/confirm_ask.html", context)
    return render(request, "access/staff/ask.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def remove(request: SignedInRequest, capability: str, requirement_id: int) -> HttpResponse:
    """Stop asking for something: shown whom it affects (GET), then done (POST)."""
    found = queries.get_capability(capability)
    requirement = queries.get_requirement(found.code, requirement_id)
    if request.method == "POST":
        with refusals_told(request):
            remove_requirement(requirement=requirement, actor=request.user)
            messages.success(request, _("“%(what)s” no longer asks for this.") % {"what": found.label})
        return redirect("access:requirements")
    before = asks_of(found.code)
    after = without_ask(before, Ask(requirement.training_id, requirement.min_major))
    context = {
        "capability": found,
        "requirement": requirement,
        "impact": impact_of(before=before, after=after),
        "closes": not after,
    }
    return render(request, "access/staff/confirm_remove.html", context)


@require_safe
@may_manage
def waivers(request: SignedInRequest) -> HttpResponse:
    """Current waivers, the first to end first."""
    page = Paginator(queries.running_waivers(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "access/staff/waivers.html", {"page": page})


@require_safe
@may_manage
def charters(request: SignedInRequest) -> HttpResponse:
    """The versions of the charter, and how many have signed each."""
    return render(
        request, "access/staff/charters.html", {"charters": queries.charter_versions(), "current": queries.current_charter()}
    )


@require_safe
@may_manage
def charter_version(request: SignedInRequest, version: int) -> HttpResponse:
    """One version of the charter, as it was published."""
    return render(request, "access/staff/charter.html", {"charter": queries.get_charter(version)})
