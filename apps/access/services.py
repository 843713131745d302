"""Proofs are given and revoked here. Every change reaches the person's open tabs, so pages open or close by themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import audit, live
from apps.core.refusals import Refusal

from .enums import AwardSource
from .models import Award, Charter, CharterSignature, Requirement, Training, Waiver
from .queries import current_charter, show_charter

if TYPE_CHECKING:
    from apps.accounts.models import User


class AccessError(Refusal):
    """A proof cannot be given or revoked."""


def announce_change(user_id: object) -> None:
    """After commit, tell the person's open tabs that their rights may have changed."""
    transaction.on_commit(lambda: live.push(live.user_group(user_id), {"type": "access.changed"}))


@transaction.atomic
def award_training(
    *,
    user: User,
    training: Training,
    major: int,
    source: AwardSource,
    expires_at: datetime | None,
    evidence: str = "",
    actor: User | None = None,
) -> Award:
    """Give `user` the proof of `training`, in the caller's transaction if there is one.

    Idempotent per `evidence`: the same evidence twice returns the first award. Writes an audit entry; after commit tells
    the person's open tabs.
    """
    if evidence:
        known = Award.objects.filter(user=user, training=training, evidence=evidence).first()
        if known is not None:
            return known
    try:
        with transaction.atomic():
            award = Award.objects.create(
                user=user, training=training, major=major, source=source, expires_at=expires_at, evidence=evidence
            )
    except IntegrityError:
        if not evidence:
            raise
        return Award.objects.get(user=user, training=training, evidence=evidence)
    audit.record(
        actor=actor,
        action="access.award",
        target=award,
        subject=user,
        details={"training": training.code, "major": major, "source": source.value},
    )
    announce_change(user.pk)
    return award


@transaction.atomic
def award_by_hand(
    *, user: User, training: Training, major: int, evidence: str, expires_at: datetime | None, actor: User
) -> Award:
    """Enter a proof of a training taken elsewhere. Writes an audit entry; after commit tells open tabs.

    The same evidence twice gives one award. Raises AccessError without evidence, for oneself, for a date in the past, and for
    evidence that was revoked before.
    """
    if not evidence.strip():
        raise AccessError(_("Say what proves this training."))
    if user.pk == actor.pk:
        raise AccessError(_("Nobody can enter a proof for themselves: ask another administrator."))
    if expires_at is not None and expires_at <= timezone.now():
        raise AccessError(_("Choose a date to come."))
    award = award_training(
        user=user,
        training=training,
        major=major,
        source=AwardSource.MANUAL,
        expires_at=expires_at,
        evidence=f"manual:{evidence.strip()}",
        actor=actor,
    )
    if award.revoked_at is not None:
        raise AccessError(_("A proof with this evidence was withdrawn. Give other evidence."))
    return award


@transaction.atomic
def revoke_award(*, award: Award, actor: User, reason: str) -> Award:
    """Revoke an award, at once and with a reason. Writes an audit entry; after commit tells open tabs.

    Raises AccessError without a reason. Revoking twice changes nothing.
    """
    if not reason.strip():
        raise AccessError(_("Say why this proof is withdrawn."))
    award = Award.objects.select_for_update().get(pk=award.pk)
    if award.revoked_at is not None:
        return award
    award.revoked_at, award.revoked_by, award.revoke_reason = timezone.now(), actor, reason.strip()
    award.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
    audit.record(actor=actor, action="access.revoke_award", target=award, subject=award.user, reason=reason.strip())
    announce_change(award.user_id)
    return award


@transaction.atomic
def grant_waiver(*, user: User, training: Training, reason: str, expires_at: datetime, actor: User) -> Waiver:
    """Excuse `user` from `training` until `expires_at`. Writes an audit entry; after commit tells open tabs.

    Raises AccessError without a reason, for oneself, or for a date in the past.
    """
    if not reason.strip():
        raise AccessError(_("Say why this person is exempt."))
    if user.pk == actor.pk:
        raise AccessError(_("Nobody can grant themselves a waiver: ask another administrator."))
    if expires_at <= timezone.now():
        raise AccessError(_("Choose a date to come."))
    waiver = Waiver.objects.create(user=user, training=training, reason=reason.strip(), expires_at=expires_at, granted_by=actor)
    audit.record(
        actor=actor,
        action="access.grant_waiver",
        target=waiver,
        subject=user,
        reason=waiver.reason,
        details={"training": training.code, "until": expires_at.isoformat()},
    )
    announce_change(user.pk)
    return waiver


@transaction.atomic
def withdraw_waiver(*, waiver: Waiver, actor: User, reason: str) -> Waiver:
    """End a waiver before its date. Writes an audit entry; after commit tells open tabs. Raises AccessError without a reason."""
    if not reason.strip():
        raise AccessError(_("Say why this waiver ends."))
    waiver = Waiver.objects.select_for_update().get(pk=waiver.pk)
    if waiver.withdrawn_at is not None:
        return waiver
    waiver.withdrawn_at, waiver.withdrawn_by, waiver.withdraw_reason = timezone.now(), actor, reason.strip()
    waiver.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
    audit.record(actor=actor, action="access.withdraw_waiver", target=waiver, subject=waiver.user, reason=reason.strip())
    announce_change(waiver.user_id)
    return waiver


@transaction.atomic
def sign_charter(*, user: User, version: int, language: str, digest: str | None = None) -> CharterSignature:
    """Sign the charter in force, which must be the `version` the person has read, in `language`. Signing twice changes nothing.

    Stores what the text said, the organisation's name and contacts included: `CharterSignature.text`. `digest`: that of the text
    the person had before them (`queries.show_charter`); None if it is shown at this moment. Writes an audit entry; after
    commit tells open tabs. Raises AccessError when another version has come into force meanwhile, or the text has changed.
    """
    charter = current_charter()
    if charter is None or charter.version != version:
        raise AccessError(_("A new version of the charter has come into force. Please read it before signing."))
    shown = show_charter(charter, language)
    if digest is not None and digest != shown.digest:
        raise AccessError(_("The text of the charter has changed a little since you opened it. Please read it before signing."))
    kept = {"language": language, "values": shown.values, "digest": shown.digest}
    signature, created = CharterSignature.objects.get_or_create(user=user, charter=charter, defaults=kept)
    if created:
        details = {"language": language, "text": shown.digest}
        audit.record(actor=user, action="access.sign_charter", target=charter, subject=user, details=details)
        announce_change(user.pk)
    return signature


@transaction.atomic
def add_requirement(
    *, capability: str, training: Training | None = None, min_major: int = 1, charter: bool = False, actor: User | None = None
) -> Requirement:
    """Make `capability` ask for a training (at least `min_major`) or for the charter.

    A training that is already required gets the new major. Writes an audit entry. Holders who lack it lose the capability at
    once.
    """
    from . import capabilities

    capabilities.get(capability)
    requirement, created = Requirement.objects.update_or_create(
        capability=capability, training=training, charter=charter, defaults={"min_major": min_major}
    )
    audit.record(
        actor=actor,
        action="access.add_requirement" if created else "access.change_requirement",
        target=requirement,
        details={"capability": capability, "training": training.code if training else None, "min_major": min_major},
    )
    return requirement


@transaction.atomic
def remove_requirement(*, requirement: Requirement, actor: User) -> None:
    """Stop asking for something. Writes an audit entry."""
    audit.record(
        actor=actor,
        action="access.remove_requirement",
        target=requirement,
        details={"capability": requirement.capability, "training": requirement.training_id},
    )
    requirement.delete()


@transaction.atomic
def define_training(*, code: str, titles: dict[str, str], major: int, order: int, actor: User | None = None) -> Training:
    """Create the training `code` or update its titles, order and current major version. The major never goes back.

    Writes an audit entry when something changed. Changes nobody's rights: requirements name the major they ask for.
    """
    fields = {"title_fr": titles["fr"], "title_en": titles["en"], "order": order}
    training, created = Training.objects.select_for_update().get_or_create(code=code, defaults={**fields, "current_major": major})
    fields["current_major"] = max(major, training.current_major)
    changed = [name for name, value in fields.items() if getattr(training, name) != value]
    for name in changed:
        setattr(training, name, fields[name])
    if changed:
        training.save(update_fields=changed)
    if created or changed:
        audit.record(actor=actor, action="access.define_training", target=training, details={"major": training.current_major})
    return training


@transaction.atomic
def publish_charter(
    *, version: int, titles: dict[str, str], bodies: dict[str, str], effective_on: date, actor: User | None = None
) -> Charter:
    """Publish a version of the charter. Writes an audit entry.

    Raises AccessError for a published version whose text differs: a new text is a new version.
    """
    fields = {
        "title_fr": titles["fr"],
        "title_en": titles["en"],
        "body_fr": bodies["fr"],
        "body_en": bodies["en"],
        "effective_on": effective_on,
    }
    charter, created = Charter.objects.get_or_create(version=version, defaults=fields)
    if not created:
        if any(getattr(charter, name) != value for name, value in fields.items()):
            raise AccessError(f"Charter {version} is published with another text. Give the new text a new version.")
        return charter
    audit.record(actor=actor, action="access.publish_charter", target=charter)
    return charter
