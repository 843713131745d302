from __future__ import annotations

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from apps.accounts.demo import demo_user
from apps.core.missing import NotThere


@require_POST
@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo accounts, in one click. In the try-out only: anywhere else this address does not exist."""
    if not settings.TRYOUT:
        raise NotThere
    user = demo_user(request.POST.get("account", ""))
    if user is None:
        raise NotThere
    response: HttpResponse = perform_login(request, user, email_verification="none")
    return response
