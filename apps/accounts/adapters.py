"""What we do differently from allauth's defaults."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import mail, organisation
from .addresses import normal_password
from .models import RefusedSignIn, User
from .oidc.claims import Claims
from .oidc.trust import NotTrusted
from .secrecy import seal, unseal
from .services import SignInRefused, announce_session_end, receive, welcome_back

logger = logging.getLogger("almia.accounts")


class AccountAdapter(DefaultAccountAdapter):
    """E-mails through the outbox; sign-up closed unless opened; signing out closes the tabs of that session."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("This e-mail address and this password do not go together."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait five minutes, then try again."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "enter_current_password": gettext_lazy("This is not your present password."),
        "incorrect_code": gettext_lazy("This code is not right. Codes change every 30 seconds: type the one shown now."),
        "rate_limited": gettext_lazy("Too many attempts. Wait a moment, then try again."),
    }

    def is_safe_url(self, url: str) -> bool:
        try:
            return bool(super().is_safe_url(url))
        except ValueError:  # "http://[" is not an address at all
            return False

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.OPEN_SIGNUP)

    def clean_password(self, password: str, user: User | None = None) -> str:
        return str(super().clean_password(normal_password(password), user))

    def logout(self, request: HttpRequest) -> None:
        key = request.session.session_key
        super().logout(request)
        if key:
            UserSession.objects.filter(session_key=key).delete()
            announce_session_end([key])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        context = {
            "request": self.request,
            "email": email,
            "current_site": get_current_site(self.request),
            "support_email": organisation.support_email(),
        } | context
        letter = self.render_mail(template_prefix, email, context)
        mail.queue(to=letter.to, subject=str(letter.subject), body=str(letter.body))

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        came_without = not user.has_usable_password() and user.last_login is not None
        if came_without or SocialAccount.objects.filter(user=user).exists():
            # Their company's sign-in opens this account, or did: an e-mail would open it to whoever has the address by now.
            context = {"user": user, "sign_in_url": self.request.build_absolute_uri(reverse("account_login"))}
            self.send_mail("account/email/no_password", email, context)
            return
        super().send_password_reset_mail(user, email, context)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        if template_prefix == "account/email/password_reset" and user.last_login is None:
            # An invitation's link is one of these too, and somebody who follows it has nothing yet that could end.
            template_prefix = "account/email/password_set"
        super().send_notification_mail(template_prefix, user, context, email)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:account")


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of second factors are stored encrypted."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": AccountAdapter.error_messages["incorrect_code"]}

    def encrypt(self, text: str) -> str:
        return seal(text, purpose="second-factor")

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, purpose="second-factor")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Almia"}


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Ending a session closes its open tabs' sockets."""

    def end_sessions(self, sessions: list[UserSession]) -> None:
        super().end_sessions(sessions)
        announce_session_end([session.session_key for session in sessions])


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """The company's sign-in. People are known by issuer and subject; newcomers are received by `services.receive`."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False  # allauth's own way, which finds people by address, is never used: whoever may come in was received before

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            # Tying any outside account to one's own would open a second way in, under another name.
            raise PermissionDenied
        claims: Claims = sociallogin.claims
        if not sociallogin.is_existing:
            try:
                sociallogin.account = receive(claims=claims)
            except SignInRefused as refusal:
                raise ImmediateHttpResponse(self._refusal(request, sociallogin, refusal.refused)) from None
        sociallogin.user = welcome_back(user=sociallogin.account.user, claims=claims)

    def _refusal(self, request: HttpRequest, sociallogin: SocialLogin, refused: RefusedSignIn | None) -> HttpResponse:
        # An unconfirmed address gets the same answer whether or not somebody has it.
        context = {"provider": sociallogin.provider, "support_email": organisation.support_email(), "refused": refused}
        template = "taken" if refused is not None and refused.is_verified else "unverified"
        return render(request, f"socialaccount/{template}.html", context, status=403)

    def validate_disconnect(self, account: SocialAccount, accounts: list[SocialAccount]) -> None:
        raise ValidationError(_("This link is kept by your company and cannot be removed here."))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        why = str(exception) if isinstance(exception, NotTrusted) else type(exception).__name__ if exception else "no exception"
        logger.warning("Single sign-on failed: %s (%s)", error, why)
