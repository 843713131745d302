"""What learning sends by e-mail."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.access.models import Award, Waiver
from apps.accounts import mail, organisation
from apps.accounts.models import NO_ADDRESS
from apps.core import outbox

from .models import Certificate, Enrolment
from .queries import path_for

AWAY = timedelta(days=14)  # without a lesson: long enough for a holiday
PEOPLE_AT_ONCE = 100


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


def remind_of_courses_under_way() -> int:
    """Send an e-mail to everybody who has stopped in the middle of a course for two weeks; return to how many.

    Once for each pause, and about the course they were last in. Nobody is told of a training that they have proved otherwise.
    Safe to run twice, and to be killed: each batch of people is one transaction. Writes outbox messages.
    """
    told = 0
    while some := _remind_some():
        told += some
    return told


@transaction.atomic
def _remind_some() -> int:
    now = timezone.now()
    proved = {"user": OuterRef("user"), "training": OuterRef("course__training")}
    other = Enrolment.objects.filter(user=OuterRef("user"), completed_at=None, active_at__gt=OuterRef("active_at"))
    enrolments = (
        Enrolment.objects.filter(Q(reminded_at=None) | Q(reminded_at__lt=F("active_at")))
        .filter(completed_at=None, active_at__lte=now - AWAY, course__current__isnull=False, user__is_active=True)
        .exclude(user__email__endswith=f"@{NO_ADDRESS}")
        .exclude(Exists(other))
        .exclude(Exists(Award.objects.valid(now).filter(**proved)))
        .exclude(Exists(Waiver.objects.valid(now).filter(**proved)))
        .select_for_update(of=("self",))
        .select_related("user")
        .order_by("pk")[:PEOPLE_AT_ONCE]
    )
    for enrolment in enrolments:
        _ask_to_go_on(enrolment)
    Enrolment.objects.filter(pk__in=[enrolment.pk for enrolment in enrolments]).update(reminded_at=now)
    return len(enrolments)


def _ask_to_go_on(enrolment: Enrolment) -> None:
    user = enrolment.user
    with translation.override(user.language or settings.LANGUAGE_CODE):
        (standing,) = path_for(user, course=enrolment.course_id)
        context = {
            "name": user.get_short_name(),
            "portal": organisation.filled(_("{{organisation’s}} AI portal")),
            "standing": standing,
            "since": enrolment.active_at,
            "url": settings.BASE_URL + standing.url,
            "support_email": organisation.support_email(),
        }
        mail.queue(
            to=[user.email],
            subject=_("“%(course)s” is waiting for you") % {"course": standing.title},
            body=render_to_string("learning/mail/under_way.txt", context).strip() + "\n",
        )
