from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.requests import SignedInRequest
from apps.core.crypto import CryptoError
from apps.core.htmx import render_either
from apps.core.refusals import refusals_on
from apps.gateway import queries
from apps.gateway.forms import ProviderForm
from apps.gateway.models import Provider
from apps.gateway.services import change_provider, create_provider, probe_provider

from . import may_manage


@require_safe
@may_manage
def index(request: SignedInRequest) -> HttpResponse:
    """Every provider and its state."""
    context = {"providers": queries.registered_providers(), "offers_nearby": settings.TRYOUT}
    return render(request, "gateway/staff/providers.html", context)


@require_http_methods(["GET", "POST"])
@may_manage
def new(request: SignedInRequest) -> HttpResponse:
    """Add a provider; its page, with the test, comes next."""
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with refusals_on(form):
                provider = create_provider(actor=request.user, **form.cleaned_data)
                messages.success(
                    request, _("“%(name)s” is there. Test the connection, then add its models.") % {"name": provider}
                )
                return redirect("gateway:provider", provider.pk)
        except CryptoError as error:
            form.add_error(None, str(error))
    return render(request, "gateway/staff/provider.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_manage
def edit(request: SignedInRequest, provider_id: UUID) -> HttpResponse:
    """One provider: change it, test it."""
    provider = queries.get_provider(provider_id)
    form = ProviderForm(request.POST or None, instance=provider)
    if request.method == "POST" and form.is_valid():
        try:
            with refusals_on(form):
                change_provider(provider=provider, actor=request.user, **form.cleaned_data)
                messages.success(request, _("The changes count from the next message on."))
                return redirect("gateway:provider", provider.pk)
        except CryptoError as error:
            form.add_error(None, str(error))
    context = {"form": form, "provider": Provider.objects.get(pk=provider.pk)}
    return render(request, "gateway/staff/provider.html", context, status=422 if form.errors else 200)


@require_POST
@may_manage
def probe(request: SignedInRequest, provider_id: UUID) -> HttpResponse:
    """Make a real call and show the result, as a fragment or as a page of its own."""
    provider = queries.get_provider(provider_id)
    context = {"provider": provider, "probe": probe_provider(provider=provider, actor=request.user)}
    return render_either(request, "gateway/staff/probe.html", "gateway/staff/_probe.html", context)
