"""OpenID Connect, stricter than allauth's: a nonce ties the ID token to this browser's request, its signature is always checked,
and nothing of the request's query reaches the provider."""

from __future__ import annotations

import secrets
from typing import Any

import jwt
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_SECONDS = 60
REQUIRED = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """Exchanges the code and checks what comes back."""

    nonce: str | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        config = super().openid_config
        if not isinstance(config, dict) or REQUIRED - config.keys():
            raise OAuth2Error("The provider's description of itself is incomplete.")
        return config

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("The provider gave no ID token.")
        data: dict[str, Any] = {"id_token": self._decode_id_token(app, id_token)}
        if self.openid_config.get("userinfo_endpoint"):
            info = self._fetch_user_info(token.token)
            if not isinstance(info, dict) or info.get("sub") != data["id_token"]["sub"]:
                raise OAuth2Error("The provider's user information is about somebody else.")
            data["userinfo"] = info
        return self.get_provider().sociallogin_from_response(request, data)

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            with get_adapter().get_requests_session() as session:
                response = session.get(self.openid_config["jwks_uri"])
                response.raise_for_status()
                keys = jwt.PyJWKSet.from_dict(response.json())
            claims: dict[str, Any] = jwt.decode(
                id_token,
                keys[jwt.get_unverified_header(id_token).get("kid", "")],
                algorithms=ALGORITHMS,
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise OAuth2Error("The provider's ID token cannot be trusted.") from error
        if not self.nonce or not secrets.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("The provider's ID token answers another request.")
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The provider's ID token was made for another application.")
        return claims


class OidcProvider(OpenIDConnectProvider):
    package = "apps.accounts.oidc"
    oauth2_adapter_class = OidcAdapter

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:
        return dict(self.get_auth_params())

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return list(self.get_scope())

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {**(kwargs.get("auth_params") or self.get_auth_params()), "nonce": nonce}
        try:
            response: HttpResponse = super().redirect(request, process, next_url, data, nonce=nonce, **kwargs)
        except (requests.RequestException, OAuth2Error, ValueError) as error:
            response = render_authentication_error(request, self, exception=error)
        return response

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        claims = {**data.get("id_token", {}), **data.get("userinfo", {})}
        email = claims.get("email")
        # Some providers send the words "true" and "false"; whatever is not plainly yes is no.
        verified = claims.get("email_verified") in {True, "true"}
        return [EmailAddress(email=email, verified=verified, primary=True)] if isinstance(email, str) and email else []


provider_classes = [OidcProvider]
