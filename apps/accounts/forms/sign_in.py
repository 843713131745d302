"""allauth's forms in our words: a label above each field, no placeholder that repeats it."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.addresses import normal_domain, normal_email
from apps.accounts.models import User

from .model_fields import field_of


class Worded(forms.BaseForm):
    """Gives fields our labels and help texts, and removes placeholders."""

    labels: ClassVar[dict[str, Any]] = {}
    helps: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.labels:
                field.label = self.labels[name]
            if name in self.helps:
                field.help_text = self.helps[name]


EMAIL = _("E-mail address")
PASSWORD = _("Password")
NEW_PASSWORD = _("New password")
AGAIN = _("New password, once more")
RULES = _("At least 12 characters. A short sentence is easy to remember and hard to guess.")


# What parsing a malformed answer of a key raises.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError)


class Spelt(forms.BaseForm):
    """Normalises the address, however it is typed, before anything else looks at it."""

    addresses: ClassVar[tuple[str, ...]] = ("email",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.addresses:
            field = self.fields[name]
            read = field.to_python
            field.to_python = lambda value, read=read: normal_email(read(value) or "")  # type: ignore[method-assign, misc]


class LoginForm(Spelt, Worded, account_forms.LoginForm):
    labels = {"login": EMAIL, "password": PASSWORD}
    helps = {"password": ""}
    addresses = ("login",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"


class SignupForm(Spelt, Worded, account_forms.SignupForm):
    """Open only if a company has opened it, to addresses of its domains."""

    first_name = field_of(User, "first_name", required=True)
    last_name = field_of(User, "last_name", required=True)
    labels = {"email": EMAIL, "password1": PASSWORD}
    helps = {"password1": RULES}
    field_order = ["first_name", "last_name", "email", "password1"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.rpartition("@")[2] not in map(normal_domain, settings.SIGNUP_DOMAINS):
            domains = ", ".join(f"@{domain}" for domain in settings.SIGNUP_DOMAINS)
            raise ValidationError(_("Use your professional address (%(domains)s)."), params={"domains": domains})
        return str(super().clean_email())


class NoFurtherEmailForm(Worded, account_forms.AddEmailForm):
    """An account has the one address the company knows: nobody adds another."""

    def clean_email(self) -> str:
        raise ValidationError(_("Your e-mail address is kept by your company and cannot be changed here."))


class ChangePasswordForm(Worded, account_forms.ChangePasswordForm):
    labels = {"oldpassword": _("Present password"), "password1": NEW_PASSWORD, "password2": AGAIN}
    helps = {"oldpassword": "", "password1": RULES}


class SetPasswordForm(Worded, account_forms.SetPasswordForm):
    """A first password. Not for people who come in through the company: it would be a second way in that nobody watches, and
    would let somebody who finds an open session keep access."""

    labels = {"password1": NEW_PASSWORD, "password2": AGAIN}
    helps = {"password1": RULES}

    def clean(self) -> dict[str, Any]:
        if SocialAccount.objects.filter(user=self.user).exists():
            raise ValidationError(_("Your company’s sign-in opens this account: it has no password of its own."))
        return super().clean() or {}


class ResetPasswordForm(Spelt, Worded, account_forms.ResetPasswordForm):
    labels = {"email": EMAIL}


class ResetPasswordKeyForm(Worded, account_forms.ResetPasswordKeyForm):
    labels = {"password1": NEW_PASSWORD, "password2": AGAIN}
    helps = {"password1": RULES}


class ReauthenticateForm(Worded, account_forms.ReauthenticateForm):
    labels = {"password": PASSWORD}
    helps = {"password": ""}


class _Digits:
    """A code is typed on a phone's number pad."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update({"inputmode": "numeric", "maxlength": "16", "autofocus": True})


class SecondFactorForm(_Digits, Worded, mfa_forms.AuthenticateForm):
    labels = {"code": _("Code of your app, or a recovery code")}


class SecondFactorAgainForm(_Digits, Worded, mfa_forms.ReauthenticateForm):
    labels = {"code": _("Code of your app, or a recovery code")}


class ActivateTOTPForm(_Digits, Worded, totp_forms.ActivateTOTPForm):
    labels = {"code": _("Code shown by the app")}


def _forged() -> ValidationError:
    return ValidationError(_("This key was not accepted. Try again."))


class PasskeyLoginForm(webauthn_forms.LoginWebAuthnForm):
    """allauth checks what a browser says about a key, but lets some malformed answers through as errors of ours."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except MALFORMED:
            raise _forged() from None


class PasskeySecondFactorForm(webauthn_forms.AuthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except MALFORMED:
            raise _forged() from None


class PasskeyAgainForm(webauthn_forms.ReauthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except MALFORMED:
            raise _forged() from None


class AddPasskeyForm(Worded, webauthn_forms.AddWebAuthnForm):
    labels = {"name": _("Name of this key"), "passwordless": _("Let it replace my password")}
    helps = {
        "name": _("For example: work laptop, phone."),
        "passwordless": _("You then sign in with this key alone: it asks for your fingerprint, face or PIN."),
    }

    def clean(self) -> Any:
        try:
            return super().clean()
        except MALFORMED:
            raise _forged() from None
