from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_told
from apps.learning import queries, services


@require_safe
def catalogue(request: SignedInRequest) -> HttpResponse:
    return render(request, "learning/catalogue.html", {"standings": queries.path_for(request.user)})


@require_safe
def course(request: SignedInRequest, code: str) -> HttpResponse:
    page = queries.course_page(request.user, code)
    return render(request, "learning/course.html", {"page": page, "standing": page.standing})


@require_POST
def start(request: SignedInRequest, code: str) -> HttpResponse:
    """Begin a course, or take it again once it may be renewed; then go to where the person continues."""
    found = queries.get_course(code)
    with refusals_told(request, messages.INFO):
        services.open_cycle(user=request.user, course=found)
        return redirect(queries.path_for(request.user, course=code)[0].url)
    return redirect("learning:course", code)
