"""Staff: importing people from a file: what its columns mean, what would happen, and what did."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from apps.accounts import queries, services
from apps.accounts.directory.kinds import BY_COLUMN
from apps.accounts.enums import ImportState, Outcome
from apps.accounts.forms import ApplyForm, CodesForm, ColumnsForm, TableForm
from apps.accounts.imports.columns import LABELS
from apps.accounts.imports.model import KEEP_RESULTS, KEEP_WAITING, WAITING
from apps.accounts.imports.reading import MAX_BYTES, MAX_ROWS
from apps.accounts.models import PeopleImport
from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_on, refusals_told
from apps.core.tables import CONTENT_TYPES, CSV, csv_file

from .people import may_manage

SHOWN = 200
SHOWN_CODES = 50


@require_safe
@may_manage
def index(request: SignedInRequest) -> HttpResponse:
    """All imports, the latest first."""
    page = queries.page_of_imports(request.GET.get("page"))
    return render(request, "accounts/people/imports.html", {"page": page})


@require_http_methods(["GET", "POST"])
@may_manage
def upload(request: SignedInRequest) -> HttpResponse:
    """Choose a file. What its columns mean is asked next; nothing changes for anybody."""
    form = TableForm(request.POST, request.FILES) if request.method == "POST" else TableForm()
    if form.is_valid():
        with refusals_on(form, "file"):
            file = form.cleaned_data["file"]
            made = services.upload_people(name=file.name, raw=file.read(MAX_BYTES + 1), actor=request.user)
            return redirect("accounts:import_columns", made.pk)
    context = {
        "form": form,
        "fields": LABELS.values(),
        "rows": MAX_ROWS,
        "megabytes": MAX_BYTES // 1_000_000,
        "days": KEEP_WAITING.days,
        "result_days": KEEP_RESULTS.days,
    }
    return render(request, "accounts/people/import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def columns(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """Choose what each column contains, and what should be done; then the file is checked."""
    found = queries.get_import(import_id)
    if found.state not in WAITING:
        return redirect("accounts:people_import", found.pk)
    headers, samples = found.read_head(found.seal())
    if request.method == "POST":
        form = ColumnsForm(headers, samples, request.POST)
        if form.is_valid():
            with refusals_on(form):
                services.choose_columns(import_id=found.pk, mapping=form.mapping(), **form.options(), actor=request.user)
                return redirect("accounts:people_import", found.pk)
    else:
        guess = queries.suggested_columns(found, headers)
        form = ColumnsForm(headers, samples, initial=ColumnsForm.initial_for(found, guess))
    context = {"import": found, "form": form, "same": queries.imports_of_same_file(found)[:1]}
    return render(request, "accounts/people/import_columns.html", context, status=422 if form.errors else 200)


@require_safe
@may_manage
def one(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """One import: how far it is, what would happen, or what did."""
    found = queries.get_import(import_id)
    if found.state == ImportState.COLUMNS:
        return redirect("accounts:import_columns", found.pk)
    return _page(request, found)


def _page(request: SignedInRequest, found: PeopleImport, *, status: int = 200, **forms: Any) -> HttpResponse:
    context: dict[str, Any] = {
        "import": found,
        "stats": [] if _came_to_nothing(found) else _stats(found),
        "same": queries.imports_of_same_file(found)[:1],
        "why_not": "",
    }
    if not found.is_working:
        seal = found.seal()
        lines, words = queries.first_lines(found, seal, count=SHOWN), _words(found)
        context |= {
            "wrong": lines[Outcome.WRONG],
            "wrong_title": words[Outcome.WRONG] if found.has_ended else _("Lines that cannot be taken"),
            "others": [(words[outcome], lines[outcome]) for outcome in Outcome if outcome is not Outcome.WRONG],
            "shown": SHOWN,
            "made": [] if _came_to_nothing(found) else list(_made(found)),
        }
        if found.state == ImportState.CHECKED:
            findings = found.read_findings(seal)
            absent = queries.absent_of(found, seal)
            context |= {
                "why_not": services.why_not_apply(found),
                "unknown": [_unknown(column, codes) for column, codes in findings["unknown"].items()],
                "too_many": [(LABELS[column], count) for column, count in findings["too_many"].items()],
                "codes_form": CodesForm(
                    findings["unknown"], initial={"round": found.round, "columns": list(findings["unknown"])}
                ),
                "absent": list(queries.absent_people(absent[:SHOWN])),
                "apply_form": ApplyForm(found, initial={"round": found.round}),
                "left_out": _left_out(found, found.read_head(seal)[0]),
                **forms,
            }
    return render(request, "accounts/people/import_one.html", context, status=status)


def _came_to_nothing(found: PeopleImport) -> bool:
    """Whether it ended before anything was applied: what its check found was never done."""
    return found.has_ended and not found.applied


def _left_out(found: PeopleImport, headers: Sequence[str]) -> str:
    return ", ".join(header or "—" for header, field in zip(headers, found.mapping, strict=False) if not field)


def _unknown(column: str, codes: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {"kind": BY_COLUMN[column], "codes": codes[:SHOWN_CODES], "more": max(0, len(codes) - SHOWN_CODES)}


def _made(found: PeopleImport) -> Iterator[tuple[Any, list[str]]]:
    """Yield the lists of the directory in which entries are created, with their codes."""
    for column, codes in found.creating.items():
        yield BY_COLUMN[column], codes


def _words(found: PeopleImport) -> dict[str, str]:
    """Return what the counts are called: what would happen, or what did."""
    if found.applied or found.has_ended:
        return {
            "new": pgettext("imported", "Added"),
            "changed": pgettext("imported", "Changed"),
            "unchanged": pgettext("imported", "As they were"),
            "wrong": pgettext("imported", "Given back"),
            "closed": pgettext("imported", "Accounts closed"),
            "created": pgettext("imported", "Entries made"),
        }
    return {
        "new": _("To add"),
        "changed": _("To change"),
        "unchanged": _("As they are"),
        "wrong": pgettext("import", "Wrong"),
        "absent": _("Accounts to close"),
    }


def _stats(found: PeopleImport) -> list[tuple[str, int | None]]:
    """Return the counts with their labels; None if nobody knows yet. Counts that do not come from lines appear only if not
    zero."""
    counts = found.counts if found.state != ImportState.CHECKING else {}
    return [(label, counts.get(name)) for name, label in _words(found).items() if name in Outcome.values or counts.get(name)]


@require_safe
@may_manage
def progress(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """The part of the page that says how far the worker is; once it has ended, the whole page is loaded again."""
    found = queries.get_import(import_id)
    if not found.is_working:
        return HttpResponseClientRefresh()
    return render(request, "accounts/people/_import_progress.html", {"import": found, "stats": _stats(found)})


@require_POST
@may_manage
def codes(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """Have unknown codes created when the import is applied. Also requires the right to change the directory."""
    found = queries.get_import(import_id)
    if found.state != ImportState.CHECKED:
        return redirect("accounts:people_import", found.pk)
    form = CodesForm(found.read_findings(found.seal())["unknown"], request.POST)
    if not request.user.has_perm("accounts.manage_directory"):
        messages.error(request, _("Entries of the directory are made by somebody who may change it."))
    elif form.is_valid():
        with refusals_told(request):
            data = form.cleaned_data
            services.create_codes(import_id=found.pk, seen_round=data["round"], columns=data["columns"], actor=request.user)
    else:
        return _page(request, found, codes_form=form, status=422)
    return redirect("accounts:people_import", found.pk)


@require_POST
@may_manage
def apply(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """Do what the page showed, in the background."""
    found = queries.get_import(import_id)
    if found.state != ImportState.CHECKED:
        return redirect("accounts:people_import", found.pk)
    form = ApplyForm(found, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form):
            services.apply_import(import_id=found.pk, seen_round=data["round"], typed=data.get("typed"), actor=request.user)
            return redirect("accounts:people_import", found.pk)
    return _page(request, found, apply_form=form, status=422)


@require_POST
@may_manage
def cancel(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """End an import where it is. What was written stays."""
    with refusals_told(request):
        found = services.cancel_import(import_id=import_id, actor=request.user)
        messages.success(request, _("The import of “%(name)s” is cancelled.") % {"name": found})
    return redirect("accounts:people_import", import_id)


@require_safe
@may_manage
def wrong(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """The lines that cannot be taken as a file: as they were, with the reason. Corrected, it can be imported as it is."""
    found = queries.get_import(import_id)
    seal = found.seal()
    headers, _samples = found.read_head(seal)

    def rows() -> Iterator[Sequence[object]]:
        yield [*headers, _("Line"), _("What is wrong")]
        for line in queries.wrong_lines(found, seal):
            cells = [*line.cells[: len(headers)], *[""] * (len(headers) - len(line.cells))]
            # What is more than the columns stands behind: sent again as it is, there are more cells than columns still.
            yield [*cells, line.number, line.reason, *line.cells[len(headers) :]]

    return _file(rows(), f"{found.pk}-lines.csv")


@require_POST
@may_manage
def absent(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """The people whose accounts would be closed, as a file. A form, because the export itself goes into the audit trail."""
    found = queries.get_import(import_id)
    services.record_absent_export(people_import=found, actor=request.user)
    people = queries.absent_people(queries.absent_of(found, found.seal()))
    rows = ([person.last_name, person.first_name, person.email, person.entity, person.department] for person in people)
    names = [LABELS[name] for name in ("last_name", "first_name", "email", "entity", "department")]
    return _file(iter([names, *rows]), f"{found.pk}-absent.csv")


def _file(rows: Iterator[Sequence[object]], name: str) -> HttpResponse:
    response = HttpResponse(csv_file(rows, get_language() or "fr"), content_type=CONTENT_TYPES[CSV])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
