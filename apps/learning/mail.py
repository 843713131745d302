"""What learning sends by e-mail."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts import mail
from apps.core import outbox

from .models import Certificate


@outbox.task
@transaction.atomic
def send_certificate(*, certificate_id: str) -> None:
    """Write the e-mail about a certificate to its holder, in the language they passed in. A second run writes none."""
    certificate = (
        Certificate.objects.select_for_update(of=("self",))
        .select_related("attempt__enrolment__user", "attempt__version", "award")
        .filter(pk=certificate_id, mailed_at=None)
        .first()
    )
    if certificate is None:
        return
    user = certificate.attempt.enrolment.user
    with translation.override(user.language or certificate.language):
        context = {
            "certificate": certificate,
            "name": user.first_name,
            "course": certificate.attempt.version.title,
            "score": certificate.attempt.score,
            "until": certificate.award.expires_at,
            "url": settings.BASE_URL + reverse("learning:certificate", args=[certificate.pk]),
            "home": settings.BASE_URL,
        }
        mail.queue(
            to=[user.email],
            subject=_("You have passed “%(course)s”") % {"course": context["course"]},
            body=render_to_string("learning/mail/certificate.txt", context).strip() + "\n",
        )
    Certificate.objects.filter(pk=certificate.pk).update(mailed_at=timezone.now())
