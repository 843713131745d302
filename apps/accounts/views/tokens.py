from __future__ import annotations

import uuid

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import scopes, services
from apps.accounts.forms import TokenForm
from apps.accounts.requests import SignedInRequest
from apps.core.missing import NotThere
from apps.core.refusals import refusals_on


@require_http_methods(["GET", "POST"])
@never_cache
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]
def new(request: SignedInRequest) -> HttpResponse:
    """Create a token. Its secret is in this one response and nowhere else."""
    if not scopes.all_scopes():
        raise NotThere
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            token, secret = services.create_token(user=request.user, **form.cleaned_data)
            return render(request, "accounts/token_made.html", {"token": token, "secret": secret})
    return render(request, "accounts/new_token.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def revoke(request: SignedInRequest, token_id: uuid.UUID) -> HttpResponse:
    """Revoke one of the person's tokens."""
    token = services.revoke_token(user=request.user, token_id=token_id)
    messages.success(request, _("“%(name)s” no longer opens anything.") % {"name": token.name})
    return redirect("accounts:account")
