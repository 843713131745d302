from __future__ import annotations

from typing import Any

import requests
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse

from apps.core.missing import NotThere

from .provider import OidcAdapter


class CallbackView(OAuth2CallbackView):
    """Hands the nonce, generated when this browser left, to the adapter that checks the answer."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)
        except (requests.RequestException, OAuth2Error, ValueError) as error:
            # allauth fetches the provider's metadata before it begins to catch the errors that this may cause.
            response = render_authentication_error(request, self.adapter.get_provider(), exception=error)
        return response

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce")
        return state, response


@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the provider (POST; a GET shows a page with that button)."""
    return _answer(OAuth2LoginView, request, provider_id)


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends the browser back to."""
    return _answer(CallbackView, request, provider_id)


def _answer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        response: HttpResponse = view.adapter_view(OidcAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise NotThere from None
    return response
