"""E-mails about proofs that end, and about a charter to sign again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as sent
from django.utils import timezone

from apps.access import mail
from apps.access.models import Award, CharterSignature
from apps.accounts.models import NO_ADDRESS
from apps.core import outbox
from apps.core.models import OutboxMessage
from tests.factories.access import (
    AwardFactory,
    CharterFactory,
    RequirementFactory,
    SignatureFactory,
    TrainingFactory,
    WaiverFactory,
)
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def ending(days: float, **fields: Any) -> Award:
    """Return an award that ends in so many days, of a training that a right asks for unless it is given."""
    if "training" not in fields:
        fields["training"] = RequirementFactory().training
    now = timezone.now()
    award: Award = AwardFactory(awarded_at=now - timedelta(days=300), expires_at=now + timedelta(days=days), **fields)
    return award


def letters() -> list[Any]:
    for message in OutboxMessage.objects.filter(task="accounts.send_letter", finished_at=None):
        outbox.run(message.pk)
    return sent.outbox


def test_whoever_loses_a_right_soon_is_told_what_ends_when_and_where_to_renew_it() -> None:
    user = UserFactory(language="en", first_name="Zoé & Cie")
    award = ending(20, user=user, training=RequirementFactory(training=TrainingFactory(title_en="Understanding AI")).training)
    assert mail.remind_of_endings() == 1
    assert award.expires_at is not None
    (letter,) = letters()
    assert letter.to == [user.email]
    assert "Understanding AI" in letter.subject
    for text in ("Zoé & Cie", "Understanding AI", str(award.expires_at.year), "http://testserver"):
        assert text in letter.body


@pytest.mark.parametrize(("language", "words"), [("fr", "expire le"), ("en", "expires on")])
def test_it_is_written_in_the_persons_language(language: str, words: str) -> None:
    ending(20, user=UserFactory(language=language))
    mail.remind_of_endings()
    assert words in letters()[0].subject


def test_a_person_is_told_once_of_all_that_ends() -> None:
    user = UserFactory(language="fr")
    for days in (9, 20, 29):
        ending(days, user=user)
    ending(31, user=user)
    assert mail.remind_of_endings() == 1
    assert letters()[0].subject.startswith("3 de vos formations")
    assert mail.remind_of_endings() == 0


def test_and_again_a_week_before_the_first_ends() -> None:
    first, later = ending(8), ending(8)
    assert mail.remind_of_endings() == 2
    Award.objects.filter(pk=first.pk).update(expires_at=timezone.now() + timedelta(days=6.9))
    assert mail.remind_of_endings() == 1
    assert mail.remind_of_endings() == 0
    first.refresh_from_db()
    later.refresh_from_db()
    assert (first.reminded, later.reminded) == (7, 30)


def test_what_is_seen_late_is_told_once() -> None:
    award = ending(3)
    assert mail.remind_of_endings() == 1
    award.refresh_from_db()
    assert award.reminded == 7


def test_nobody_is_told_of_what_costs_them_nothing() -> None:
    user = UserFactory()
    renewed = ending(20, user=user)
    ending(400, user=user, training=renewed.training)
    for_ever = ending(20)
    AwardFactory(user=for_ever.user, training=for_ever.training, expires_at=None)
    waived = ending(20)
    WaiverFactory(user=waived.user, training=waived.training, expires_at=timezone.now() + timedelta(days=90))
    ending(20, training=TrainingFactory())  # no right asks for it
    ending(20, training=RequirementFactory(min_major=2).training)  # it is behind already
    ending(-1)
    ending(31)
    ending(20, revoked_at=timezone.now(), revoke_reason="x")
    ending(20, user=UserFactory(is_active=False))
    ending(20, user=UserFactory(email=f"x@{NO_ADDRESS}"))
    assert mail.remind_of_endings() == 0


def test_a_waiver_that_ends_first_does_not_help() -> None:
    award = ending(20)
    WaiverFactory(user=award.user, training=award.training, expires_at=timezone.now() + timedelta(days=10))
    assert mail.remind_of_endings() == 1


def test_many_people_are_told_in_batches(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    monkeypatch.setattr(mail, "PEOPLE_AT_ONCE", 2)
    for _person in range(5):
        ending(20)
    assert mail.remind_of_endings() == 5
    assert OutboxMessage.objects.filter(task="accounts.send_letter").count() == 5


def signed_before(**fields: Any) -> CharterSignature:
    """Return a signature under a version that another one has replaced."""
    signature: CharterSignature = SignatureFactory(**fields)
    CharterFactory(version=signature.charter_id + 1, effective_on=timezone.localdate())
    return signature


def test_whoever_signed_an_earlier_charter_is_told_of_the_new_one_once() -> None:
    RequirementFactory(training=None, charter=True)
    signature = signed_before(user=UserFactory(language="fr", first_name="Zoé"))
    assert mail.tell_of_new_charter() == 1
    (letter,) = letters()
    assert letter.to == [signature.user.email]
    assert "La charte IA a changé" in letter.subject
    for text in ("Zoé", f"version {signature.charter_id + 1}", "http://testserver/access/charter/"):
        assert text in letter.body
    assert mail.tell_of_new_charter() == 0


def test_and_again_of_the_next_one() -> None:
    RequirementFactory(training=None, charter=True)
    signature = signed_before()
    assert mail.tell_of_new_charter() == 1
    CharterFactory(version=signature.charter_id + 2, effective_on=timezone.localdate())
    assert mail.tell_of_new_charter() == 1


def test_nobody_is_told_of_a_charter_that_asks_nothing_of_them() -> None:
    signature = signed_before()
    assert mail.tell_of_new_charter() == 0, "No right asks for it."
    RequirementFactory(training=None, charter=True)
    CharterSignature.objects.filter(pk=signature.pk).update(charter=signature.charter_id + 1)  # the one in force
    SignatureFactory(charter=signature.charter, user=signature.user)
    earlier = signature.charter
    SignatureFactory(charter=earlier, user=UserFactory(is_active=False))
    SignatureFactory(charter=earlier, user=UserFactory(email=f"x@{NO_ADDRESS}"))
    CharterFactory(version=earlier.version + 2, effective_on=timezone.localdate() + timedelta(days=5))
    assert mail.tell_of_new_charter() == 0
