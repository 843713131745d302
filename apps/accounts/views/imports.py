"""Staff: importing people from a CSV file, looked at before it is applied."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import imports, services
from apps.accounts.forms import UploadForm
from apps.accounts.requests import SignedInRequest
from apps.accounts.services.imports import ImportRefused
from apps.core.refusals import refusals_on, refusals_told

from .people import may_manage

SHOWN = 200


def _preview(request: SignedInRequest, text: str, preview: imports.Preview, *, status: int = 200) -> HttpResponse:
    context = {
        "preview": preview,
        "text": text,
        "errors": preview.errors[:SHOWN],
        "coming": (preview.new + preview.changed)[:SHOWN],
        "shown": SHOWN,
    }
    return render(request, "accounts/people/import_preview.html", context, status=status)


@require_http_methods(["GET", "POST"])
@may_manage
def upload(request: SignedInRequest) -> HttpResponse:
    """Choose a file (GET), see what it would do (POST). Changes nothing."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        with refusals_on(form, "file"):
            text = imports.decode(form.cleaned_data["file"].read(imports.MAX_BYTES + 1))
            return _preview(request, text, imports.read(text))
    context = {"form": form, "columns": imports.COLUMNS, "rows": imports.MAX_ROWS}
    return render(request, "accounts/people/import.html", context, status=422 if form.errors else 200)


@require_POST
@may_manage
def apply(request: SignedInRequest) -> HttpResponse:
    """Do what the preview showed. The text is checked again: it may have been altered, or the people may have."""
    text = request.POST.get("text", "")
    with refusals_told(request):
        try:
            result = services.import_people(text=text, actor=request.user)
        except ImportRefused as refusal:
            return _preview(request, text, refusal.preview, status=422)
        done = _("Imported: %(new)s new people, %(changed)s changed.") % {"new": result.new, "changed": result.changed}
        messages.success(request, done)
        return redirect("accounts:people")
    return redirect("accounts:import_people")
