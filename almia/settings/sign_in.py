"""How people get in: allauth's settings, and single sign-on if the environment names a provider (docs/adr/0004-sign-in.md)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from almia import env

# Accounts ------------------------------------------------------------------------------------------------------------
ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Almia · "
# No e-mail to addresses we do not know: the portal must not be usable to write to strangers.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 1
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True  # the session lasts SESSION_COOKIE_AGE, one working day
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_FORMS = {
    "login": "apps.accounts.forms.LoginForm",
    "signup": "apps.accounts.forms.SignupForm",
    "add_email": "apps.accounts.forms.NoFurtherEmailForm",
    "change_password": "apps.accounts.forms.ChangePasswordForm",
    "set_password": "apps.accounts.forms.SetPasswordForm",
    "reset_password": "apps.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "apps.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "apps.accounts.forms.ReauthenticateForm",
}
# Many colleagues share one address behind a company's proxy: limits per address are wide, limits per account narrow.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "60/m/ip,5/5m/key",
    "reset_password": "60/m/ip,3/10m/key",
    "reset_password_from_key": "60/m/ip",
    "signup": "20/m/ip",
    "confirm_email": "1/3m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("ALMIA_PROXY_COUNT", 0)  # production.py: one, behind a proxy

# Nobody signs up by themselves unless a company opens it, and then only with an address of these domains.
OPEN_SIGNUP = env.flag("ALMIA_OPEN_SIGNUP")
SIGNUP_DOMAINS = [domain.lower() for domain in env.words("ALMIA_SIGNUP_DOMAINS", [])]
if OPEN_SIGNUP and not SIGNUP_DOMAINS:
    raise ImproperlyConfigured("ALMIA_OPEN_SIGNUP needs ALMIA_SIGNUP_DOMAINS: the domains whose addresses may sign up.")

# A second factor -----------------------------------------------------------------------------------------------------
MFA_ADAPTER = "apps.accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Almia"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_RATE_LIMITS = {"webauthn_login": "100/m/ip"}
MFA_FORMS = {
    "authenticate": "apps.accounts.forms.SecondFactorForm",
    "reauthenticate": "apps.accounts.forms.SecondFactorAgainForm",
    "activate_totp": "apps.accounts.forms.ActivateTOTPForm",
    "add_webauthn": "apps.accounts.forms.AddPasskeyForm",
    "login_webauthn": "apps.accounts.forms.PasskeyLoginForm",
    "authenticate_webauthn": "apps.accounts.forms.PasskeySecondFactorForm",
    "reauthenticate_webauthn": "apps.accounts.forms.PasskeyAgainForm",
}

# Sessions ------------------------------------------------------------------------------------------------------------
USERSESSIONS_ADAPTER = "apps.accounts.adapters.SessionsAdapter"

# Single sign-on ------------------------------------------------------------------------------------------------------
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapters.SingleSignOnAdapter"
# Identity is issuer and subject (docs/adr/0007): an address is matched once, by `accounts.services.receive`, never by allauth.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # anybody who gets this far has an address that the provider vouches for
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10


def oidc_apps() -> list[dict[str, Any]]:
    """Return the OpenID Connect provider the environment names, if any, as allauth's APPS entries.

    `ALMIA_OIDC_CLAIM_ENTITY`, `…_DEPARTMENT`, `…_SITE`, `…_JOB` name claims that hold codes of the directory.
    """
    if not env.text("ALMIA_OIDC_URL", ""):
        return []
    claims = {part: env.text(f"ALMIA_OIDC_CLAIM_{part.upper()}", "") for part in ("entity", "department", "site", "job")}
    return [
        {
            "provider_id": env.text("ALMIA_OIDC_ID", "sso"),
            "name": env.text("ALMIA_OIDC_NAME", "SSO"),
            "client_id": env.text("ALMIA_OIDC_CLIENT_ID"),
            "secret": env.text("ALMIA_OIDC_CLIENT_SECRET"),
            "settings": {
                "server_url": env.text("ALMIA_OIDC_URL"),
                "oauth_pkce_enabled": True,
                # Addresses of these domains count as verified even if the provider does not say so.
                "verified_email": env.words("ALMIA_OIDC_VERIFIED_DOMAINS", []),
                "claims": {part: claim for part, claim in claims.items() if claim},
            },
        }
    ]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


OIDC_APPS = oidc_apps()
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"provider_class": "apps.accounts.oidc.provider.OidcProvider", "APPS": OIDC_APPS},
}
# The browser checks a form's target again when the response redirects: the provider's sign-in page must be allowed.
OIDC_ORIGINS = [_origin(app["settings"]["server_url"]) for app in OIDC_APPS] + env.origins("ALMIA_OIDC_ORIGINS", [])
