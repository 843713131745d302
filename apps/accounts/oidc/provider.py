"""OpenID Connect, stricter than allauth's: a nonce ties the ID token to this browser's request, its signature is always checked,
and nothing of the request's query reaches the provider."""

from __future__ import annotations

import secrets
from typing import Any

import jwt
import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse

from .claims import PROVIDER, ClaimsError, identity_of, read
from .trust import ALGORITHMS, NotTrusted, signing_key

LEEWAY_SECONDS = 60
REQUIRED = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """Exchanges the code and checks what comes back."""

    nonce: str | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        config = super().openid_config
        if not isinstance(config, dict) or REQUIRED - config.keys():
            raise NotTrusted("The provider's description of itself is incomplete.")
        return config

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken(token=data["access_token"])  # used once and stored nowhere: its expiry does not concern us

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise NotTrusted("The provider gave no ID token.")
        claims = self._decode_id_token(app, id_token)
        info: Any = {}
        if self.openid_config.get("userinfo_endpoint"):
            info = self._fetch_user_info(token.token)
            if not isinstance(info, dict) or info.get("sub") != claims["sub"]:
                raise NotTrusted("The provider's user information is about somebody else.")
        try:
            arriving = read(
                claims,
                info,
                vouched_domains=tuple(app.settings.get("verified_email", [])),
                wanted=app.settings.get("claims", {}),
            )
        except ClaimsError as error:
            raise NotTrusted(str(error)) from error
        login = self.get_provider().sociallogin_from_response(request, {"iss": arriving.issuer, "sub": arriving.subject})
        login.account.provider = PROVIDER
        login.claims = arriving
        return login

    def _decode_id_token(self, app: Any, id_token: Any) -> dict[str, Any]:
        try:
            with get_adapter().get_requests_session() as session:
                response = session.get(self.openid_config["jwks_uri"])
                response.raise_for_status()
                keys = response.json()
            header = jwt.get_unverified_header(id_token)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                signing_key(keys, header),
                algorithms=ALGORITHMS,
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise NotTrusted(f"The provider's ID token cannot be trusted: {type(error).__name__}.") from error
        if not self.nonce or not secrets.compare_digest(str(claims.get("nonce", "")).encode(), self.nonce.encode()):
            raise NotTrusted("The provider's ID token answers another request.")
        if claims.get("azp", app.client_id) != app.client_id:
            raise NotTrusted("The provider's ID token was made for another application.")
        return claims


class OidcProvider(OpenIDConnectProvider):
    package = "apps.accounts.oidc"
    supports_token_authentication = False  # the code flow only: it is the one that checks the nonce
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

    def extract_uid(self, data: dict[str, Any]) -> str:
        return identity_of(data["iss"], data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """All that is stored of the claims: what the identity is made of, so that staff can read it."""
        return {"iss": data["iss"], "sub": data["sub"]}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}  # people are entered by apps.accounts.services, from typed claims

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []  # nobody is looked up by address


provider_classes = [OidcProvider]
