from __future__ import annotations

import pytest
from django.core import mail

from apps.accounts.models import User
from apps.core import outbox
from apps.core.models import OutboxMessage
from apps.learning.mail import send_certificate
from apps.learning.models import Certificate
from tests.factories.accounts import UserFactory
from tests.factories.learning import pass_course, publish

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
