"""The proofs in a made-up past that do not come from courses: imports, waivers, signatures of the charter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Max

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.accounts.past import made_up_people
from apps.core import audit, sql
from apps.core.past import Past

from .enums import AwardSource
from .mail import REMIND_DAYS
from .models import Award, CharterSignature, Training, Waiver
from .queries import current_charter, show_charter

IMPORTED = 0.04  # of the people: they had learnt it elsewhere before
WAIVED = 0.008
SIGNED = 0.96  # of those who have every training
EVIDENCE = "learned-elsewhere"
REASONS = [
    "Certification externe équivalente, pièce vérifiée par la formation",
    "En arrêt long : délai accordé jusqu’à deux mois après le retour",
    "Intervient comme formateur sur ce module",
    "Arrivée par transfert d’une filiale déjà formée, contrôle en cours",
    "Mission de nuit : session dédiée prévue ce trimestre",
]


def write_imports(past: Past) -> int:
    """Some had learnt everything before and were imported; for half of them the shortest proof has expired. A few are excused."""
    trainings = list(Training.objects.order_by("order"))
    staff = User.objects.filter(groups__name=Role.ADMINISTRATOR).order_by("email").first()
    awards: list[tuple[Any, ...]] = []
    waivers: list[Waiver] = []
    for person in made_up_people().filter(awards=None, waivers=None).order_by("email").only("email"):
        chance = past.random("access", person.email)
        fate = chance.random()
        if fate < IMPORTED:
            at = past.at_work(past.start - timedelta(days=chance.randrange(30, 300)), chance)
            for training in trainings:
                ends = at + timedelta(days=730)
                if training == trainings[-1] and fate < IMPORTED / 2:
                    ends = past.until - timedelta(days=chance.randrange(1, 60))
                awards.append((person.pk, training.pk, training.current_major, at, ends, AwardSource.IMPORT, EVIDENCE))
        elif fate < IMPORTED + WAIVED and staff is not None and trainings:
            at = past.at_work(past.start + chance.random() * (past.until - past.start), chance)
            ends = max(at, past.until) + timedelta(days=chance.randrange(-20, 180))
            if ends > at:
                waivers.append(
                    Waiver(
                        user=person,
                        training=chance.choice(trainings),
                        reason=chance.choice(REASONS),
                        granted_by=staff,
                        granted_at=at,
                        expires_at=ends,
                    )
                )
    Waiver.objects.bulk_create(waivers, batch_size=500)
    told = audit.record_many(
        audit.Event(
            actor=waiver.granted_by,
            action="access.grant_waiver",
            target=waiver,
            subject=waiver.user,
            reason=waiver.reason,
            details={"training": waiver.training_id, "until": waiver.expires_at.isoformat()},
            at=waiver.granted_at,
        )
        for waiver in waivers
    )
    names = ["user_id", "training_id", "major", "awarded_at", "expires_at", "source", "evidence"]
    return len(waivers) + told + sql.insert_many(Award, names, awards)


def write_signatures(past: Past) -> int:
    """Nearly everybody with every training signs the charter soon after the last one; people who can sign in do so themselves."""
    charter = current_charter()
    if charter is None:
        return 0
    everything = Training.objects.count()
    ready = (
        Award.objects.filter(user__in=made_up_people().filter(charter_signatures=None))
        .values("user", "user__language", "user__email")
        .annotate(trainings=Count("training", distinct=True), last=Max("awarded_at"))
        .filter(trainings=everything)
        .order_by("user__email")
    )
    shown = {language: show_charter(charter, language) for language in ("fr", "en")}
    rows: list[tuple[Any, ...]] = []
    events: list[audit.Event] = []
    for row in ready:
        chance = past.random("charter", row["user__email"])
        signed = max(row["last"], past.start) + timedelta(minutes=chance.choice((2, 3, 5, 9, 30, 1500, 4500)))
        if chance.random() < SIGNED and signed < past.until:
            language = row["user__language"] or "fr"
            text = shown[language]
            rows.append((row["user"], charter.pk, signed, language, text.values, text.digest))
            person, details = User(pk=row["user"]), {"language": language, "text": text.digest}
            events.append(
                audit.Event(
                    actor=person, action="access.sign_charter", target=charter, subject=person, details=details, at=signed
                )
            )
    # Nobody who is made up gets an e-mail: they are taken to have been reminded.
    Award.objects.filter(user__in=made_up_people(), expires_at__isnull=False).update(reminded=REMIND_DAYS[-1])
    names = ["user_id", "charter_id", "signed_at", "language", "values", "digest"]
    return audit.record_many(events) + sql.insert_many(CharterSignature, names, rows)
