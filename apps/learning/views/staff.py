"""Courses in the staff area: figures, the course as learners see it, and how far people are."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_told
from apps.learning import queries, services
from apps.learning.errors import ChosenMeanwhile
from apps.learning.export import progress_csv
from apps.learning.forms import JobExamplesForm, LearnerFilter

PER_PAGE = 50
JOBS_PER_PAGE = 24
may_manage = permission_required("learning.manage_courses", raise_exception=True)


@require_safe
@may_manage
def courses(request: SignedInRequest) -> HttpResponse:
    """All courses with their figures; if there is none, the way to the shipped ones."""
    context = {"figures": queries.course_figures(), "may_publish": request.user.has_perm("access.manage_access")}
    return render(request, "learning/staff/courses.html", context)


@require_POST
@permission_required(["learning.manage_courses", "access.manage_access"], raise_exception=True)
def publish(request: SignedInRequest) -> HttpResponse:
    """Publish the shipped courses, the charter and what opens AI: what a command does in each release."""
    with refusals_told(request):
        services.publish_shipped(actor=request.user)
        messages.success(request, _("Published: the courses, the charter, and what people need before AI opens to them."))
    return redirect("learning:staff_courses")


@require_safe
@may_manage
def course(request: SignedInRequest, code: str) -> HttpResponse:
    """One course: figures, how hard its questions are, what was published when."""
    figures = queries.get_course_figures(code)
    context = {
        "figures": figures,
        "course": figures.course,
        "questions": queries.question_figures(figures.course),
        "versions": queries.versions_of(figures.course),
    }
    return render(request, "learning/staff/course.html", context)


@require_safe
@may_manage
def people(request: SignedInRequest, code: str) -> HttpResponse:
    """How far people are in a course, searched and filtered."""
    found = queries.get_course(code)
    form = LearnerFilter(request.GET)
    page = Paginator(queries.learners(found, **form.criteria()), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "course": found,
        "form": form,
        "page": page,
        "rows": queries.learner_rows(found, list(page.object_list)),
        "filtered": form.is_used(),
    }
    return render(request, "learning/staff/people.html", context)


@require_POST
@may_manage
def export(request: SignedInRequest, code: str) -> StreamingHttpResponse:
    """The same people as a file. A form, because the export itself goes into the audit trail."""
    found = queries.get_course(code)
    criteria = LearnerFilter(request.POST).criteria()
    services.record_export(course=found, actor=request.user, criteria=criteria)
    name = f"{found.code}-{timezone.localdate().isoformat()}.csv"
    return StreamingHttpResponse(
        progress_csv(found, criteria, translation.get_language()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_safe
@may_manage
def preview(request: SignedInRequest, code: str, lesson: str = "") -> HttpResponse:
    """A lesson as learners see it, in either language, with its question answered."""
    if not lesson:
        return redirect("learning:staff_preview", code, queries.get_first_lesson(code).code)
    found = queries.get_lesson(code, lesson)
    language = request.GET.get("language", "")
    if language not in {"fr", "en"}:
        language = translation.get_language()[:2]
    with translation.override(language):
        return render(request, "learning/staff/preview.html", {"page": queries.preview_page(found), "language": language})


@require_http_methods(["GET", "POST"])
@may_manage
def job_examples(request: SignedInRequest) -> HttpResponse:
    """Which examples of AI's use people see on their way to it, by their job. One page of jobs is saved at a time."""
    roles = queries.job_roles()
    page = Paginator(roles, JOBS_PER_PAGE).get_page(request.GET.get("page"))
    if request.method == "POST":  # the jobs that were on the page, wherever they are in the list now
        form = JobExamplesForm(request.POST, roles=[role for role in roles if f"job-{role.pk}" in request.POST])
    else:
        form = JobExamplesForm(roles=page.object_list)
    if form.is_valid():
        try:
            count = services.choose_job_examples(families=form.chosen(), seen=form.seen(), actor=request.user)
        except ChosenMeanwhile as error:
            form.add_error(None, str(error))
            form.compare_with(error.stored)
        else:
            said = ngettext("Saved: %(count)s job has changed.", "Saved: %(count)s jobs have changed.", count)
            messages.success(request, said % {"count": count})
            return redirect(request.get_full_path())
    return render(request, "learning/staff/job_examples.html", {"form": form, "page": page}, status=422 if form.is_bound else 200)
