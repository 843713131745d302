from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import render_either
from apps.core.refusals import refusals_told
from apps.learning import queries, services
from apps.learning.errors import BadAnswer
from apps.learning.grading import read_answer


@require_safe
def lesson(request: SignedInRequest, code: str, lesson: str) -> HttpResponse:
    page = queries.lesson_page(request.user, queries.get_lesson(code, lesson), again="again" in request.GET)
    return render(request, "learning/lesson.html", {"page": page, "lesson": page.lesson})


@require_POST
def see(request: SignedInRequest, code: str, lesson: str) -> HttpResponse:
    """The page says that it is on the screen: this is where the person resumes."""
    services.see_lesson(user=request.user, lesson=queries.get_lesson(code, lesson))
    return HttpResponse(status=204)


@require_POST
def finish(request: SignedInRequest, code: str, lesson: str) -> HttpResponse:
    found = queries.get_lesson(code, lesson)
    with refusals_told(request, messages.WARNING):
        following = services.finish_lesson(user=request.user, lesson=found)
        return redirect("learning:lesson", code, following.code) if following else redirect("learning:quiz", code)
    return redirect(reverse("learning:lesson", args=[code, lesson]) + "#check")


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: SignedInRequest, code: str, lesson: str) -> HttpResponse:
    """Answer a lesson's question, or (GET) ask it again. htmx gets the card, a plain form the whole page."""
    found = queries.get_lesson(code, lesson)
    if request.method != "POST":
        page = queries.lesson_page(request.user, found, again=True)
        if request.htmx:
            return render(request, "learning/_check.html", {"page": page, "lesson": found})
        return redirect(reverse("learning:lesson", args=[code, lesson]) + "?again#check")
    error = ""
    typed = None
    try:
        if found.check_question is not None:
            typed = read_answer(found.check_question.body, request.POST)
        services.answer_check(user=request.user, lesson=found, answer=typed or [])
    except BadAnswer as refusal:
        error = str(refusal)
    if not error and not request.htmx:
        return redirect(reverse("learning:lesson", args=[code, lesson]) + "#check")
    page = queries.lesson_page(request.user, found, again=bool(error), typed=typed)
    context = {"page": page, "lesson": found, "error": error}
    return render_either(request, "learning/lesson.html", "learning/_check.html", context, status=422 if error else 200)
