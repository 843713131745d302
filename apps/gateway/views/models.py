from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_on
from apps.gateway import queries
from apps.gateway.enums import STANDARD_ALIAS, VersionStatus
from apps.gateway.figures import usage_figures
from apps.gateway.forms import PERIODS, AliasForm, ModelForm, PeriodForm, StatusForm, VersionForm
from apps.gateway.models import Alias
from apps.gateway.services import (
    change_alias,
    change_model,
    change_version,
    change_version_status,
    create_alias,
    create_version,
    forget_adaptations,
)
from apps.gateway.services.automatic import STANDARD_LABEL

from . import may_manage

STANDARD = {"code": STANDARD_ALIAS, "label": STANDARD_LABEL, "order": 10}


@require_safe
@may_manage
def index(request: SignedInRequest) -> HttpResponse:
    """What people may talk to: the aliases, then every model with its versions."""
    context = {
        "aliases": queries.registered_aliases(),
        "models": queries.registered_models(),
        "offers_nearby": settings.TRYOUT,
    }
    return render(request, "gateway/staff/models.html", context)


@require_http_methods(["GET", "POST"])
@may_manage
def edit_model(request: SignedInRequest, model_id: UUID) -> HttpResponse:
    """Rename a model."""
    model = queries.get_model(model_id)
    form = ModelForm(request.POST or None, instance=model)
    if request.method == "POST" and form.is_valid():
        change_model(model=model, actor=request.user, **form.cleaned_data)
        messages.success(request, _("The model has its new name."))
        return redirect("gateway:models")
    return render(request, "gateway/staff/model.html", {"form": form, "model": model}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def new_version(request: SignedInRequest) -> HttpResponse:
    """Add a version; the query string may name provider and model, as the page of a tested provider does."""
    given = {name: request.GET[name] for name in ("provider", "upstream_name", "model_name") if request.GET.get(name)}
    form = VersionForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            version = create_version(actor=request.user, **form.cleaned_data)
            messages.success(
                request, _("“%(name)s” is there as a preview. Put it in service when it is ready.") % {"name": version}
            )
            return redirect("gateway:version_status", version.pk)
    context = {"form": form, "models": queries.registered_models()}
    return render(request, "gateway/staff/version.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def edit_version(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Change the description or prices of a version."""
    version = queries.get_version(version_id)
    form = VersionForm(request.POST or None, instance=version)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            change_version(version=version, actor=request.user, **form.cleaned_data)
            messages.success(request, _("The changes count from the next message on."))
            return redirect("gateway:models")
    context = {"form": form, "version": version}
    return render(request, "gateway/staff/version.html", context, status=422 if form.errors else 200)


@require_POST
@may_manage
def forget(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Ask a version's server for everything again, whatever it refused."""
    version = queries.get_version(version_id)
    forget_adaptations(version=version, actor=request.user)
    messages.success(request, _("From the next message on, the provider is asked for everything again."))
    return redirect("gateway:version", version.pk)


@require_http_methods(["GET", "POST"])
@may_manage
def version_status(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Move a version to another status."""
    version = queries.get_version(version_id)
    initial = {"status": version.status, "deprecated_on": version.deprecated_on, "retires_on": version.retires_on}
    form = StatusForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = {**form.cleaned_data, "status": VersionStatus(form.cleaned_data["status"])}
        with refusals_on(form):
            version = change_version_status(version=version, actor=request.user, **values)
            status = version.get_status_display()
            messages.success(request, _("%(version)s: %(status)s") % {"version": version, "status": status})
            return redirect("gateway:models")
    return render(request, "gateway/staff/status.html", {"form": form, "version": version}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def new_alias(request: SignedInRequest) -> HttpResponse:
    """Add a name under which people find a version."""
    return _alias(request, None)


@require_http_methods(["GET", "POST"])
@may_manage
def edit_alias(request: SignedInRequest, code: str) -> HttpResponse:
    """Rename an alias, or point it to another version."""
    return _alias(request, queries.get_alias(code))


def _alias(request: SignedInRequest, alias: Alias | None) -> HttpResponse:
    # The first alias to be added is the one that conversations use: nobody has to know its code.
    given = STANDARD if alias is None and queries.standard_alias() is None else {}
    form = AliasForm(request.POST or None, alias=alias, versions=queries.versions_to_point_to(), initial=given)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            if alias is None:
                done = create_alias(actor=request.user, **form.cleaned_data)
            else:
                done = change_alias(alias=alias, actor=request.user, **form.cleaned_data)
            messages.success(request, _("“%(alias)s” now means %(version)s.") % {"alias": done, "version": done.target})
            return redirect("gateway:models")
    return render(request, "gateway/staff/alias.html", {"form": form, "alias": alias}, status=422 if form.errors else 200)


@require_safe
@may_manage
def usage(request: SignedInRequest) -> HttpResponse:
    """What was used and spent."""
    days = PeriodForm(request.GET).chosen
    return render(request, "gateway/staff/usage.html", {"figures": usage_figures(days), "periods": PERIODS})
