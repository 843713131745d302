"""What everybody sees: the charter, and why something is locked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from apps.access.forms import CharterForm
from apps.access.queries import charter_for, explain, get_capability, has_capability, show_charter
from apps.access.services import sign_charter
from apps.accounts import organisation
from apps.accounts.requests import SignedInRequest
from apps.core.htmx import render_either
from apps.core.refusals import refusals_told


@require_http_methods(["GET", "POST"])
def charter(request: SignedInRequest) -> HttpResponse:
    """Read the charter in force, and sign it."""
    language = get_language() or "fr"
    form = CharterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_told(request, messages.WARNING):
            sign_charter(
                user=request.user,
                version=form.cleaned_data["version"],
                language=language,
                digest=form.cleaned_data["digest"],
            )
            messages.success(request, _("Thank you: your signature is kept."))
        return redirect("access:charter")
    charter, signature = charter_for(request.user)
    context = {
        "charter": charter,
        "digest": show_charter(charter, language).digest if charter else "",
        "signature": signature,
        "help_url": organisation.current().charter_help_url,
        "form": form,
    }
    return render(request, "access/charter.html", context, status=422 if form.errors else 200)


@require_safe
def locked(request: SignedInRequest, capability: str) -> HttpResponse:
    """What the locked page shows, fetched again when rights have changed. Leads to the page once it is open."""
    get_capability(capability)
    came_for = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(came_for, {request.get_host()}, require_https=request.is_secure()):
        came_for = "/"
    if has_capability(request.user, capability):
        return HttpResponseClientRedirect(came_for) if request.htmx else redirect(came_for)
    context = {"explanation": explain(request.user, capability), "came_for": came_for}
    return render_either(request, "access/locked.html", "access/_locked.html", context)
