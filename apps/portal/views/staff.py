"""The staff area's own pages. The other staff pages belong to the apps whose objects they manage."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.queries import get_person
from apps.accounts.requests import SignedInRequest
from apps.core import audit as audit_trail
from apps.core import setting_up as steps
from apps.core.attention import attention_for
from apps.core.htmx import render_either
from apps.portal import services, staff
from apps.portal.forms import AuditFilter
from apps.portal.history import history_of
from apps.portal.navigation import has_staff_area

PER_PAGE = 50


@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    """What needs attention among what this member of staff manages."""
    if not has_staff_area(request.user):
        raise PermissionDenied
    return render(request, "portal/staff/overview.html", {"attention": attention_for(request.user)})


@require_safe
@permission_required("core.set_up", raise_exception=True)
def setting_up(request: SignedInRequest) -> HttpResponse:
    """How far putting the portal into service is, and the way to each step."""
    looked = steps.steps_for(request.user)
    counted = [entry for entry in looked if entry.left or not entry.step.optional]
    context = {
        "looked": looked,
        "next": next((entry for entry in looked if entry.left and entry.leads), None),
        "done": sum(not entry.left for entry in counted),
        "total": len(counted),
        "complete": not any(entry.left for entry in looked),
    }
    return render(request, "portal/staff/setting_up.html", context)


@require_safe
@permission_required("core.manage_tasks", raise_exception=True)
def tasks(request: SignedInRequest) -> HttpResponse:
    """Background tasks that gave up."""
    page = Paginator(staff.dead_tasks(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/staff/tasks.html", {"page": page, "figures": staff.queue_figures()})


@require_POST
@permission_required("core.manage_tasks", raise_exception=True)
def replay_task(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """Replay one of them."""
    if services.replay_task(message_id=message_id, actor=request.user):
        messages.success(request, _("The task is running again. If it fails again, it comes back to this list."))
    else:
        messages.info(request, _("This task no longer needs it: somebody has replayed it already."))
    return redirect("portal:tasks")


@require_safe
@permission_required("core.read_audit", raise_exception=True)
def audit(request: SignedInRequest) -> HttpResponse:
    """The audit trail, filtered."""
    form = AuditFilter(
        request.GET or None, actions=staff.audit_actions(), names_people=request.user.has_perm("accounts.see_people")
    )
    chosen = form.cleaned_data if form.is_valid() else {}
    entries = staff.audit_entries(**chosen) if not form.is_bound or form.is_valid() else staff.audit_entries().none()
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    person = chosen.get("person")
    rows = staff.trail_rows(page.object_list, person)
    context = {"form": form, "page": page, "rows": rows, "person": person, **_verification()}
    return render(request, "portal/staff/audit.html", context)


@require_safe
@permission_required(["core.read_audit", "accounts.see_people"], raise_exception=True)
def person_history(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """What was done to a person and their account: a page, or for htmx the panel of the person's page."""
    person = get_person(person_id)
    context = {"panel": {"person": person, "page": history_of(person, number=request.GET.get("page"))}}
    return render_either(request, "portal/staff/person_history.html", "portal/staff/_person_history.html", context)


@permission_required("core.read_audit", raise_exception=True)
def verification(request: SignedInRequest) -> HttpResponse:
    """Ask for a verification of the trail (POST), or see how it goes (GET, a fragment)."""
    if request.method == "POST":
        services.request_audit_verification(actor=request.user)
        if not request.htmx:
            return redirect("portal:audit")
    return render(request, "portal/staff/_verification.html", _verification())


def _verification() -> dict[str, Any]:
    last = staff.last_verification()
    problem = audit_trail.read_problem(last.details["problem"]) if last else ""
    return {"verification": last, "problem": problem, "verifying": services.pending_verification() is not None}
