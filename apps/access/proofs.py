"""What somebody has proved, as every page needs it: awards, waivers and signatures in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from apps.core import sql

from .models import Award, CharterSignature, Requirement, Training, Waiver

if TYPE_CHECKING:
    from apps.accounts.models import User

_SIGNATURE, _AWARD, _WAIVER = 1, 2, 3
_COLUMNS = "p.kind, p.id, p.training_id, p.charter_id, p.major, p.since, p.until, p.revoked_at"
# The numbers of `kind` are those above. A waiver that does not count now is not a proof.
_PROOFS = """
    (SELECT 1 AS kind, s.id, NULL AS training_id, s.charter_id, NULL AS major, s.signed_at AS since, NULL AS until,
        NULL AS revoked_at FROM access_chartersignature s WHERE s.user_id = %(user)s
    UNION ALL SELECT 2, a.id, a.training_id, NULL, a.major, a.awarded_at, a.expires_at, a.revoked_at
        FROM access_award a WHERE a.user_id = %(user)s
    UNION ALL SELECT 3, w.id, w.training_id, NULL, NULL, w.granted_at, w.expires_at, NULL
        FROM access_waiver w WHERE w.user_id = %(user)s AND w.withdrawn_at IS NULL AND w.expires_at > %(now)s) p
"""
_PROVED = " ".join(["SELECT", _COLUMNS, "FROM", _PROOFS, "ORDER BY p.since, p.id"])
_ASKED = " ".join(
    [
        "SELECT r.id, r.capability, r.training_id, r.min_major, r.charter,",
        't.code, t.title_fr, t.title_en, t.current_major, t."order",',
        "(SELECT MAX(c.version) FROM access_charter c WHERE c.effective_on <= %(today)s),",
        _COLUMNS,
        "FROM access_requirement r LEFT JOIN access_training t ON t.code = r.training_id LEFT JOIN",
        _PROOFS,
        "ON (r.charter AND p.kind = 1) OR p.training_id = r.training_id",
        'ORDER BY r.charter, t."order", t.code, r.id, p.since, p.id',
    ]
)
_REQUIREMENT = ["id", "capability", "training_id", "min_major", "charter"]
_TRAINING = ["code", "title_fr", "title_en", "current_major", "order"]


@dataclass(slots=True)
class Proofs:
    """Awards, including revoked ones, and signatures, each the oldest first; the waivers that count now.

    Each has the fields that decide about rights; other fields would be read when they are accessed.
    """

    awards: list[Award] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    signatures: list[CharterSignature] = field(default_factory=list)

    def add(self, row: Sequence[Any]) -> None:
        """Add a row of `_COLUMNS`; a row from a join that found nothing adds nothing."""
        kind, key, training, charter, major, since, until, revoked_at = row
        if kind is None:
            return
        given: dict[str, Any] = {"id": sql.as_uuid(key)}
        if kind == _SIGNATURE:
            given |= {"charter_id": charter, "signed_at": sql.as_moment(since)}
            self.signatures.append(sql.partly(CharterSignature, given))
            return
        given |= {"training_id": training, "expires_at": sql.as_moment(until)}
        if kind == _AWARD:
            given |= {"major": major, "awarded_at": sql.as_moment(since), "revoked_at": sql.as_moment(revoked_at)}
            self.awards.append(sql.partly(Award, given))
        else:
            self.waivers.append(sql.partly(Waiver, given | {"granted_at": sql.as_moment(since)}))


@dataclass(slots=True)
class Asked:
    """A requirement, the version of the charter that is in force, and what somebody has proved of it."""

    requirement: Requirement
    charter_version: int | None
    proofs: Proofs = field(default_factory=Proofs)


def proofs_of(user: User) -> Proofs:
    """Return what `user` has proved. One query."""
    proofs = Proofs()
    for row in sql.fetch(_PROVED, user=user.pk, now=timezone.now()):
        proofs.add(row)
    return proofs


def asked_of(user: User, *, now: datetime) -> list[Asked]:
    """Return the requirements of every capability, in the order of its path, with what `user` has proved. One query."""
    found: dict[int, Asked] = {}
    for row in sql.fetch(_ASKED, user=user.pk, now=now, today=timezone.localdate()):
        own, training, (in_force, *proof) = row[:5], row[5:10], row[10:]
        if own[0] not in found:
            requirement = sql.partly(Requirement, dict(zip(_REQUIREMENT, own, strict=True)))
            if requirement.training_id is not None:
                requirement.training = sql.partly(Training, dict(zip(_TRAINING, training, strict=True)))
            found[own[0]] = Asked(requirement, in_force)
        found[own[0]].proofs.add(proof)
    return list(found.values())
