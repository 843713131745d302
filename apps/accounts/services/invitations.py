from __future__ import annotations

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts import mail, organisation
from apps.accounts.errors import AccountError
from apps.accounts.models import User
from apps.core import audit


@transaction.atomic
def invite_person(*, user: User, actor: User | None) -> None:
    """Send `user` an e-mail with a link to choose their password. Writes an audit entry and an outbox message.

    The link works once, for `PASSWORD_RESET_TIMEOUT`. Raises AccountError for a closed account, and for one whose
    address was given away.
    """
    if not user.is_active:
        raise AccountError(_("This account is closed: open it before inviting."))
    if not user.has_address:
        raise AccountError(_("This account has no e-mail address any more: give it one before inviting."))
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    with translation.override(user.language or settings.LANGUAGE_CODE):
        context = {
            "person": user,
            "url": settings.BASE_URL + path,
            "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
            "home": settings.BASE_URL,
            "portal": organisation.filled(_("{{organisation’s}} AI portal")),
            "support_email": organisation.support_email(),
        }
        subject = _("Your Almia account")
        body = render_to_string("accounts/email/invitation.txt", context)
    mail.queue(to=[user.email], subject=subject, body=body)
    audit.record(actor=actor, action="accounts.invite_person", target=user, subject=user)
