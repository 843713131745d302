"""What everybody sees: the charter, and why something is locked."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.access import capabilities
from apps.access.forms import CharterForm
from apps.access.queries import charter_for, explain, has_capability, show_charter
from apps.access.services import AccessError, sign_charter
from apps.accounts import organisation


@require_http_methods(["GET", "POST"])
def charter(request: HttpRequest) -> HttpResponse:
    """Read the charter in force, and sign it."""
    assert request.user.is_authenticated
    language = get_language() or "fr"
    form = CharterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sign_charter(
                user=request.user,
                version=form.cleaned_data["version"],
                language=language,
                digest=form.cleaned_data["digest"],
            )
        except AccessError as error:
            messages.warning(request, str(error))
        else:
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
def locked(request: HttpRequest, capability: str) -> HttpResponse:
    """What the locked page shows, again: asked for when rights have changed. Leads to the page once it is open."""
    assert request.user.is_authenticated
    try:
        capabilities.get(capability)
    except LookupError:
        raise Http404 from None
    came_for = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(came_for, {request.get_host()}, require_https=request.is_secure()):
        came_for = "/"
    if has_capability(request.user, capability):
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": came_for})
        return redirect(came_for)
    context = {"explanation": explain(request.user, capability), "came_for": came_for}
    template = "access/_locked.html" if request.headers.get("HX-Request") else "access/locked.html"
    return render(request, template, context)
