"""Sentences of allauth and of the API framework that our own catalogues word better: our catalogues take precedence.

Nothing imports this module: it keeps the sentences where makemessages finds them.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

ALLAUTH = [
    _("A user is already registered with this email address."),
    _("Invalid or expired key."),
    _("The new value must be different from the current one."),
    _("The password reset token was invalid."),
    _("This account is currently inactive."),
    _("You cannot activate two-factor authentication until you have verified your email address."),
    _("You cannot deactivate two-factor authentication."),
    _("You cannot generate recovery codes without having two-factor authentication enabled."),
    _("You must type the same password each time."),
]
REST_FRAMEWORK = [
    _("A page number within the paginated result set."),
    _("Authentication credentials were not provided."),
    _("Invalid page."),
    _("Malformed request."),
    _("Not a valid string."),
    _("Not found."),
    _("Request was throttled."),
    _("This field may not be blank."),
    _("This field may not be null."),
    _("You do not have permission to perform this action."),
]
