"""What follows from things that happen inside allauth."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.apps import AppConfig, apps
from django.db import transaction
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.http import HttpRequest

from apps.core import audit

from .models import User
from .roles import sync_roles
from .services import end_other_sessions, recover_account


def _record(user: User, action: str, **details: Any) -> None:
    with transaction.atomic():
        audit.record(actor=user, action=action, target=user, subject=user, details=details)


@receiver(account_signals.user_logged_in)
def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _record(user, "accounts.sign_in", sso="sociallogin" in kwargs)


@receiver([account_signals.password_changed, account_signals.password_set])
def password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A new password keeps the session it was typed in, and no other. Tokens keep working: the page says so."""
    end_other_sessions(request=request, user=user)
    _record(user, "accounts.change_password")


@receiver(account_signals.password_reset)
def password_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Anybody who had the old password, found an open session or made a token meanwhile is put out."""
    recover_account(user=user)


@receiver([mfa_signals.authenticator_added, mfa_signals.authenticator_removed, mfa_signals.authenticator_reset])
def second_factor_changed(signal: Any, user: User, authenticator: Any, **kwargs: Any) -> None:
    names = {
        mfa_signals.authenticator_added: "accounts.add_second_factor",
        mfa_signals.authenticator_removed: "accounts.remove_second_factor",
        mfa_signals.authenticator_reset: "accounts.reset_second_factor",
    }
    _record(user, names[signal], type=str(authenticator.type))


@receiver(post_migrate)
def rights_may_have_changed(sender: AppConfig, **kwargs: Any) -> None:
    """After the last app with models, when all permissions have been created."""
    if sender == [config for config in apps.get_app_configs() if config.models_module is not None][-1]:
        sync_roles()
