from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from apps.accounts.models import NO_ADDRESS, User
from apps.core import outbox
from apps.core.models import OutboxMessage
from apps.learning import mail as learning_mail
from apps.learning.mail import remind_of_courses_under_way, send_certificate
from apps.learning.models import Certificate, Course, Enrolment
from apps.learning.queries import path_for
from apps.learning.services import enrol
from tests.factories.access import AwardFactory, WaiverFactory
from tests.factories.accounts import UserFactory
from tests.factories.learning import course_content, pass_course, publish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("language", "title"), [("fr", "Course course (fr)"), ("en", "Course course (en)")])
def test_the_certificate_comes_by_mail_in_the_persons_language(language: str, title: str) -> None:
    user: User = UserFactory(language=language, first_name="Zoé & Cie")
    certificate = pass_course(user, publish()).certificate
    outbox.run(OutboxMessage.objects.get().pk)
    outbox.run(OutboxMessage.objects.get(task="accounts.send_letter").pk)
    (letter,) = mail.outbox
    assert letter.to == [user.email]
    assert title in letter.subject
    assert title in letter.body
    assert "Zoé & Cie" in letter.body
    assert certificate.code in letter.body
    assert f"http://testserver/learn/certificates/{certificate.pk}/" in letter.body


def test_a_second_run_writes_no_letter() -> None:
    certificate = pass_course(UserFactory(), publish()).certificate
    send_certificate(certificate_id=str(certificate.pk))
    send_certificate(certificate_id=str(certificate.pk))
    assert Certificate.objects.get().mailed_at is not None
    send_certificate(certificate_id="01a202bf-7f8d-75c8-8099-42e20f3edbf6")
    assert OutboxMessage.objects.filter(task="accounts.send_letter").count() == 1


def under_way(code: str = "course", *, days: float = 15, user: User | None = None) -> Enrolment:
    """Return somebody's way through the course `code`, without a lesson for so many days."""
    course = Course.objects.filter(code=code).first() or publish(course_content(code, training=code))
    enrolment = enrol(user=user or UserFactory(), course=course)
    Enrolment.objects.filter(pk=enrolment.pk).update(active_at=timezone.now() - timedelta(days=days))
    enrolment.refresh_from_db()
    return enrolment


def test_whoever_stopped_half_way_is_asked_to_go_on_once() -> None:
    enrolment = under_way(user=UserFactory(language="en", first_name="Zoé & Cie"))
    assert remind_of_courses_under_way() == 1
    outbox.run(OutboxMessage.objects.get(task="accounts.send_letter").pk)
    (letter,) = mail.outbox
    assert letter.to == [enrolment.user.email]
    assert letter.subject == "“Course course (en)” is waiting for you"
    for words in ("Zoé & Cie", "minutes are left", f"http://testserver{path_for(enrolment.user)[0].url}"):
        assert words in letter.body
    assert remind_of_courses_under_way() == 0


def test_and_again_after_another_pause() -> None:
    under_way(days=40)
    assert remind_of_courses_under_way() == 1
    Enrolment.objects.update(reminded_at=timezone.now() - timedelta(days=30), active_at=timezone.now() - timedelta(days=15))
    assert remind_of_courses_under_way() == 1


def test_a_person_in_two_courses_is_told_of_the_one_they_were_last_in() -> None:
    user = UserFactory(language="fr")
    under_way("old", days=40, user=user)
    under_way("new", days=20, user=user)
    assert remind_of_courses_under_way() == 1
    outbox.run(OutboxMessage.objects.get(task="accounts.send_letter").pk)
    assert "Course new (fr)" in mail.outbox[0].subject


def test_nobody_is_asked_who_has_nothing_to_go_on_with() -> None:
    under_way(days=13)
    pass_course(UserFactory(), publish())
    Enrolment.objects.filter(completed_at__isnull=False).update(active_at=timezone.now() - timedelta(days=50))
    proved, waived = under_way(), under_way()
    AwardFactory(user=proved.user, training=proved.course.training)
    WaiverFactory(user=waived.user, training=waived.course.training)
    under_way(user=UserFactory(is_active=False))
    under_way(user=UserFactory(email=f"x@{NO_ADDRESS}"))
    assert remind_of_courses_under_way() == 0


def test_many_are_asked_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_mail, "PEOPLE_AT_ONCE", 2)
    for _person in range(5):
        under_way()
    assert remind_of_courses_under_way() == 5
