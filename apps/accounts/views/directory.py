"""Staff: the directory of what a person can belong to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import queries, services
from apps.accounts.directory import KINDS, Kind, kind_or_not_there
from apps.accounts.directory.files import MAX_ENTRIES, EntryPreview, read_entries, rows_kept
from apps.accounts.forms import EntryForm, MergeForm, ReasonForm, TableForm
from apps.accounts.imports.reading import rows_of
from apps.accounts.requests import SignedInRequest
from apps.core.missing import NotThere
from apps.core.refusals import refusals_on, refusals_told
from apps.core.tables import CONTENT_TYPES, table_file

SHOWN = 200
may_manage_directory = permission_required("accounts.manage_directory", raise_exception=True)


@require_safe
@may_manage_directory
def index(request: SignedInRequest) -> HttpResponse:
    """One list of the directory: `kind`, searched by `q`, including what is closed if `closed`."""
    kind = kind_or_not_there(request.GET.get("kind", KINDS[0].code))
    text = request.GET.get("q", "")[:100]
    closed = request.GET.get("closed") == "1"
    counts = queries.count_entries()
    context = {
        "kind": kind,
        "kinds": [(each, counts[each.code]) for each in KINDS],
        "q": text,
        "closed": closed,
        "page": queries.page_of_entries(kind, text=text, closed=closed, number=request.GET.get("page")),
    }
    return render(request, "accounts/directory/index.html", context)


@require_http_methods(["GET", "POST"])
@may_manage_directory
def new(request: SignedInRequest, kind: str) -> HttpResponse:
    """Create an entry."""
    of = kind_or_not_there(kind)
    initial = {"parent": request.GET.get("parent", "")}
    form = EntryForm(of, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            made = services.create_entry(kind=of, values=form.values(), actor=request.user)
            messages.success(request, _("“%(name)s” is in the directory.") % {"name": made})
            return redirect("accounts:directory_entry", of.code, made.pk)
    return render(request, "accounts/directory/new.html", {"form": form, "kind": of}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage_directory
def entry(request: SignedInRequest, kind: str, entry_id: int) -> HttpResponse:
    """One entry: what it is called, who belongs to it, what can be done with it."""
    of = kind_or_not_there(kind)
    found = queries.get_entry(of, entry_id)
    if request.method != "POST":
        return _entry_page(request, of, found)
    form = EntryForm(of, request.POST, entry=found)
    if form.is_valid():
        with refusals_on(form):
            services.change_entry(entry=found, values=form.values(), actor=request.user)
            messages.success(request, _("The changes are saved."))
            return redirect("accounts:directory_entry", of.code, found.pk)
    return _entry_page(request, of, found, form=form)


def _entry_page(request: SignedInRequest, kind: Kind, found: Any, **forms: Any) -> HttpResponse:
    context = {
        "kind": kind,
        "entry": found,
        "belongings": queries.belongings_of(kind, found),
        "form": EntryForm(kind, entry=found),
        "merge_form": MergeForm(found, prefix="merge"),
        "close_form": ReasonForm(prefix="close"),
        **forms,
    }
    return render(request, "accounts/directory/entry.html", context, status=422 if forms else 200)


@require_POST
@may_manage_directory
def merge(request: SignedInRequest, kind: str, entry_id: int) -> HttpResponse:
    """Move everybody of an entry into another, and close it."""
    of = kind_or_not_there(kind)
    found = queries.get_entry(of, entry_id)
    form = MergeForm(found, request.POST, prefix="merge")
    if form.is_valid():
        with refusals_on(form):
            into = form.cleaned_data["into"]
            moved = services.merge_entry(entry=found, into=into, reason=form.cleaned_data["reason"], actor=request.user)
            done = ngettext(
                "“%(name)s” is merged into “%(into)s”: %(count)s person moved.",
                "“%(name)s” is merged into “%(into)s”: %(count)s people moved.",
                moved,
            )
            messages.success(request, done % {"name": found, "into": into, "count": moved})
            return redirect("accounts:directory_entry", of.code, into.pk)
    return _entry_page(request, of, found, merge_form=form)


@require_POST
@may_manage_directory
def close(request: SignedInRequest, kind: str, entry_id: int) -> HttpResponse:
    """Close an entry, with a reason. It can be opened again."""
    of = kind_or_not_there(kind)
    found = queries.get_entry(of, entry_id)
    form = ReasonForm(request.POST, prefix="close")
    if form.is_valid():
        with refusals_on(form):
            services.close_entry(entry=found, reason=form.cleaned_data["reason"], actor=request.user)
            messages.success(request, _("“%(name)s” is closed: nobody can be put there any more.") % {"name": found})
            return redirect("accounts:directory_entry", of.code, found.pk)
    return _entry_page(request, of, found, close_form=form)


@require_POST
@may_manage_directory
def reopen(request: SignedInRequest, kind: str, entry_id: int) -> HttpResponse:
    """Reopen a closed entry."""
    of = kind_or_not_there(kind)
    found = queries.get_entry(of, entry_id)
    with refusals_told(request):
        services.reopen_entry(entry=found, actor=request.user)
        messages.success(request, _("“%(name)s” is open again.") % {"name": found})
    return redirect("accounts:directory_entry", of.code, found.pk)


@require_safe
@may_manage_directory
def export(request: SignedInRequest, kind: str, form: str) -> HttpResponse:
    """The open entries of a list as a file, in the form in which they can be imported."""
    of = kind_or_not_there(kind)
    if form not in CONTENT_TYPES:
        raise NotThere
    rows = [of.columns, *queries.entries_to_export(of)]
    content = table_file(form, rows, title=capfirst(str(of.label)), language=get_language() or "fr")
    response = HttpResponse(content, content_type=CONTENT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{of.code}.{form}"'
    return response


@require_http_methods(["GET", "POST"])
@may_manage_directory
def upload(request: SignedInRequest, kind: str) -> HttpResponse:
    """Choose a file of entries (GET), see what it would do (POST). Changes nothing."""
    of = kind_or_not_there(kind)
    form = TableForm(request.POST, request.FILES) if request.method == "POST" else TableForm()
    if form.is_valid():
        with refusals_on(form, "file"):
            rows = rows_of(form.cleaned_data["file"].read(), limit=MAX_ENTRIES)
            return _preview(request, of, read_entries(of, rows))
    context = {"form": form, "kind": of, "rows": MAX_ENTRIES}
    return render(request, "accounts/directory/import.html", context, status=422 if form.errors else 200)


def _preview(request: SignedInRequest, kind: Kind, preview: EntryPreview, *, again: bool = False) -> HttpResponse:
    context = {
        "kind": kind,
        "preview": preview,
        "again": again,
        "errors": preview.errors[:SHOWN],
        "coming": (preview.new + preview.changed)[:SHOWN],
        "shown": SHOWN,
    }
    return render(request, "accounts/directory/import_preview.html", context, status=422 if again else 200)


@require_POST
@may_manage_directory
def apply(request: SignedInRequest, kind: str) -> HttpResponse:
    """Do what the preview showed, and nothing else: if the lines would do something else by now, show that."""
    of = kind_or_not_there(kind)
    with refusals_told(request):
        preview = read_entries(of, rows_kept(request.POST.get("rows", "")))
        if preview.errors or preview.digest != request.POST.get("seen"):
            return _preview(request, of, preview, again=True)
        new, changed = services.import_entries(kind=of, preview=preview, actor=request.user)
        messages.success(request, _("Imported: %(new)s new entries, %(changed)s changed.") % {"new": new, "changed": changed})
    return redirect(reverse("accounts:directory", query={"kind": of.code}))
