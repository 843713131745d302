"""What the demo world's people have proved already."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.demo import colleagues, demo_accounts
from apps.accounts.models import User

from .enums import AwardSource
from .models import Award, CharterSignature, Training
from .queries import current_charter
from .services import award_training, sign_charter

EVIDENCE = "demo"
UNTRAINED = "newcomer"
COLLEAGUES = 16
VALID_FOR = timedelta(days=365)
PROVED_BEFORE = timedelta(days=120)


def sources() -> list[Path]:
    """Return the files that these proofs are made from."""
    return [Path(__file__)]


def trained_accounts() -> QuerySet[User]:
    """Return the people behind the demo accounts, except the newcomer. None outside the try-out."""
    return User.objects.filter(email__in=[account.email for account in demo_accounts() if account.key != UNTRAINED])


@transaction.atomic
def load_proofs() -> None:
    """Give the demo accounts (but the newcomer) and some colleagues every existing training, and have them sign the charter.

    Safe to repeat: nobody gets a training twice, not even in a later edition, and what was revoked stays
    revoked; people who have signed a charter sign the next one themselves.
    """
    trained = [*trained_accounts(), *colleagues().order_by("email")[:COLLEAGUES]]
    trainings = list(Training.objects.all())
    charter = current_charter()
    given = set(Award.objects.filter(user__in=trained, evidence__startswith=f"{EVIDENCE}:").values_list("user", "training"))
    signed = set(CharterSignature.objects.filter(user__in=trained).values_list("user", flat=True))
    now = timezone.now()
    expires_at = now + VALID_FOR
    for user in trained:
        for training in trainings:
            if (user.pk, training.pk) in given:
                continue
            award_training(
                user=user,
                training=training,
                major=training.current_major,
                source=AwardSource.IMPORT,
                expires_at=expires_at,
                evidence=f"{EVIDENCE}:{training.current_major}",
            )
        if charter is not None and user.pk not in signed:
            sign_charter(user=user, version=charter.version, language="fr")
    # They have used it for a while: what they did since then must not be older than their right to do it.
    Award.objects.filter(user__in=trained, awarded_at__gte=now).update(awarded_at=now - PROVED_BEFORE)
    CharterSignature.objects.filter(user__in=trained, signed_at__gte=now).update(signed_at=now - PROVED_BEFORE)
