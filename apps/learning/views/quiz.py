from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_told
from apps.learning import queries, services
from apps.learning.errors import AnsweredSince, AttemptSubmitted, BadAnswer
from apps.learning.grading import fingerprint, read_answer, require_complete


@require_http_methods(["GET", "HEAD", "POST"])
def intro(request: SignedInRequest, code: str) -> HttpResponse:
    """What the quiz asks (GET), and starting it (POST)."""
    if request.method == "POST":
        course = queries.get_course(code)
        with refusals_told(request, messages.INFO):
            return redirect("learning:attempt", services.start_attempt(user=request.user, course=course).pk)
        return redirect("learning:course", code)
    page = queries.course_page(request.user, code)
    if not page.standing.lessons_complete:
        if page.standing.started:
            messages.info(request, _("The quiz opens once all lessons are done."))
        return redirect("learning:course", code)
    return render(request, "learning/quiz.html", {"page": page, "standing": page.standing})


@require_safe
def attempt(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Continue where the person left off: the first question without an answer, the review, or the result."""
    found = queries.get_attempt_for(request.user, pk)
    if found.submitted_at is not None:
        return redirect("learning:result", pk)
    position = queries.first_unanswered(found)
    return redirect("learning:question", pk, position) if position else redirect("learning:review", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: SignedInRequest, pk: uuid.UUID, position: int) -> HttpResponse:
    """One question. `autosave` stores an answer, finished or not, without leaving the page."""
    response = queries.get_response_for(request.user, pk, position)
    if request.method != "POST":
        if response.attempt.submitted_at is not None:
            return redirect("learning:result", pk)
        return render(request, "learning/question.html", {"page": queries.question_page(response)})
    autosave = "autosave" in request.POST
    typed = None
    try:
        typed = read_answer(response.question.body, request.POST)
        response = services.save_answer(response=response, answer=typed, seen=request.POST.get("seen"), in_passing=autosave)
        if autosave:
            return _kept(204, fingerprint(response.answer))
        require_complete(response.question.body, response.answer)
    except AttemptSubmitted as error:
        messages.info(request, str(error))
        if autosave:
            return HttpResponseClientRedirect(reverse("learning:result", args=[pk]), status=204)
        return redirect("learning:result", pk)
    except AnsweredSince as error:
        return _kept(409, error.stored)
    except BadAnswer as error:
        context = {"page": queries.question_page(response, typed=typed), "error": str(error)}
        return render(request, "learning/question.html", context, status=422)
    if position < response.attempt.total and request.POST.get("then") != "review":
        return redirect("learning:question", pk, position + 1)
    return redirect("learning:review", pk)


def _kept(status: int, seen: str) -> HttpResponse:
    """Tell the page what is stored now. With 409 nothing was stored: a page that is still open sends what it shows again, now
    knowing better (static/js/forms.js); a page that is gone, and whose request came late, does not."""
    told = {"form": "answer", "seen": seen, "again": status == 409}
    return trigger_client_event(HttpResponse(status=status), "almia:seen", told)


@require_safe
def review(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    found = queries.get_attempt_for(request.user, pk)
    if found.submitted_at is not None:
        return redirect("learning:result", pk)
    return render(request, "learning/review.html", {"page": queries.review_page(found)})


@require_POST
def submit(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    found = queries.get_attempt_for(request.user, pk)
    with refusals_told(request, messages.WARNING):
        services.submit_attempt(attempt=found)
        return redirect("learning:result", pk)
    return redirect("learning:review", pk)


@require_safe
def result(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    found = queries.get_attempt_for(request.user, pk)
    if found.submitted_at is None:
        return redirect("learning:attempt", pk)
    page = queries.result_page(found)
    path = queries.path_for(request.user)
    context = {
        "page": page,
        "attempt": found,
        "certificate": queries.certificates_of(request.user).filter(attempt=found).first(),
        "next_standing": next((standing for standing in path if standing.state != "done"), None),
        "may_retry": found.enrolment.completed_at is None,
    }
    return render(request, "learning/result.html", context)
