"""Where a person is signed in. Replaces allauth's page: signing out everywhere else asks about tokens, too."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import queries, services
from apps.accounts.forms import SignOutForm
from apps.accounts.requests import SignedInRequest, visitor


@require_http_methods(["GET", "POST"])
def index(request: SignedInRequest) -> HttpResponse:
    """The places where the person is signed in; a POST ends all but this one."""
    form = SignOutForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        revoked = services.sign_out_elsewhere(request=request, user=request.user, tokens=form.cleaned_data["tokens"])
        said = [_("You are signed out everywhere else.")]
        if revoked:
            said.append(
                ngettext("%(count)s API token is revoked.", "%(count)s API tokens are revoked.", revoked) % {"count": revoked}
            )
        messages.info(request, " ".join(said))
        return redirect("accounts:sessions")
    sessions = sorted(UserSession.objects.purge_and_list(request.user), key=lambda session: session.created_at)
    context = {
        "sessions": sessions,
        "session_count": len(sessions),
        "token_count": queries.count_tokens(request.user),
        "form": form,
    }
    return render(request, "usersessions/usersession_list.html", context)


@require_safe
@never_cache
@login_not_required
def current(request: HttpRequest) -> HttpResponse:
    """Who is signed in now, and the token that forms need: for a page that was rendered before a sign-in elsewhere."""
    person = visitor(request)
    if person is None:
        return JsonResponse({"person": None})
    return JsonResponse({"person": str(person.pk), "token": get_token(request)})
