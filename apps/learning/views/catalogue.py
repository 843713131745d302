from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.learning import queries, services
from apps.learning.errors import LearningError
from apps.learning.models import Course


def person(request: HttpRequest) -> Any:
    """Return who is signed in; the middleware lets nobody else come here."""
    return request.user


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    return render(request, "learning/catalogue.html", {"steps": queries.path_for(person(request))})


@require_safe
def course(request: HttpRequest, code: str) -> HttpResponse:
    page = queries.course_page(person(request), code)
    if page is None:
        raise Http404
    return render(request, "learning/course.html", {"page": page, "step": page.step})


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a course, or take it again once it may be renewed; then go to where one reads on."""
    found = get_object_or_404(Course.objects.filter(current__isnull=False).select_related("current", "training"), code=code)
    try:
        services.open_cycle(user=person(request), course=found)
    except LearningError as error:
        messages.info(request, str(error))
        return redirect("learning:course", code)
    return redirect(queries.path_for(person(request), course=code)[0].url)
