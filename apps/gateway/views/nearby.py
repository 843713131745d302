"""Model servers on this machine, offered in the try-out."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.requests import SignedInRequest
from apps.core.missing import NotThere
from apps.core.refusals import refusals_told
from apps.gateway.services import connect_nearby, servers_nearby

from . import may_manage


def _only_in_the_tryout() -> None:
    # In production this machine is a server in a rack: what listens there is none of a page's business.
    if not settings.TRYOUT:
        raise NotThere


@require_safe
@may_manage
def show(request: SignedInRequest) -> HttpResponse:
    """The servers found, as a fragment that a page requests once it is loaded."""
    _only_in_the_tryout()
    return render(request, "gateway/staff/_nearby.html", {"servers": servers_nearby()})


@require_POST
@may_manage
def connect(request: SignedInRequest) -> HttpResponse:
    """Talk to one of them from now on."""
    _only_in_the_tryout()
    asked = request.POST.get("server", "")
    server = next((server for server in servers_nearby() if server.base_url == asked), None)
    if server is None:
        messages.error(request, _("This model server does not answer any more, or is connected already."))
        return redirect("gateway:models")
    with refusals_told(request):
        version = connect_nearby(server=server, model=request.POST.get("model", ""), actor=request.user)
        messages.success(
            request,
            _("“%(model)s” answers from the next message on. Its page says how much text it takes and what it costs.")
            % {"model": version.model},
        )
    return redirect("gateway:models")
