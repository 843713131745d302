"""Staff: whether e-mails are sent."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts import services
from apps.accounts.requests import SignedInRequest
from apps.core.refusals import refusals_told


@require_POST
@permission_required("core.set_up", raise_exception=True)
def test(request: SignedInRequest) -> HttpResponse:
    """Send an e-mail to the person who asks, and say what came of it."""
    with refusals_told(request):
        services.send_test(actor=request.user)
        messages.success(request, _("The e-mail has been sent to %(address)s.") % {"address": request.user.email})
    return redirect("portal:setting_up")
