"""Rights, derived from proofs each time they are asked for."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.organisation import values_in, with_values
from apps.core import sql
from apps.core.missing import NotThere, get_or_not_there

from . import capabilities
from .enums import ProofState
from .models import Award, Charter, CharterSignature, Requirement, Training, Waiver
from .proofs import Asked, asked_of

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True)
class Item:
    """One requirement and its state. `until`: when that changes by itself. `url`: the one step that settles it."""

    label: str
    state: ProofState
    training: Training | None
    charter_version: int | None
    until: datetime | None
    done_at: datetime | None
    url: str | None

    @property
    def met(self) -> bool:
        return self.state in {ProofState.MET, ProofState.WAIVED}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a person has a capability, and why."""

    capability: capabilities.Capability
    items: tuple[Item, ...]
    account_open: bool = True

    @property
    def granted(self) -> bool:
        return self.account_open and bool(self.items) and all(item.met for item in self.items)

    @property
    def missing(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if not item.met)

    @property
    def missing_told(self) -> list[dict[str, str | None]]:
        """What is missing, as the socket and the API say it."""
        return [{"label": item.label, "state": item.state.value, "url": item.url} for item in self.missing]

    @property
    def next_step(self) -> Item | None:
        """The first thing to do, or None when all is done."""
        return next(iter(self.missing), None)

    @property
    def sentence(self) -> str:
        """Why it is closed, in one sentence; empty when it is open."""
        if self.granted:
            return ""
        if not self.account_open:
            return _("This account is closed.")
        if not self.items:
            return _("%(what)s is not open yet: no training has been set for it.") % {"what": self.capability.label}
        return _("%(what)s opens once this is done: %(missing)s.") % {
            "what": self.capability.label,
            "missing": ", ".join(item.label for item in self.missing),
        }


def charters_in_force() -> QuerySet[Charter]:
    """Return the versions of the charter that have taken effect. The first one is in force, the highest version."""
    return Charter.objects.filter(effective_on__lte=timezone.localdate()).order_by("-version")


def current_charter() -> Charter | None:
    """Return the charter in force."""
    return charters_in_force().first()


def charter_for(user: User) -> tuple[Charter | None, CharterSignature | None]:
    """Return the charter in force and `user`'s signature of it, if any."""
    charter = current_charter()
    signatures = CharterSignature.objects.select_related("charter").filter(user=user.pk, charter=charter)
    return charter, signatures.first() if charter else None


@dataclass(frozen=True, slots=True)
class ShownCharter:
    """A version of the charter as a page shows it at this moment: the values of its variables, and the text with them."""

    values: dict[str, str]
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def show_charter(charter: Charter, language: str) -> ShownCharter:
    """Return `charter` in `language` with the current values of its variables."""
    source = charter.source(language)
    with override(language):
        values = values_in(source)
    return ShownCharter(values, with_values(source, values))


def charter_versions() -> QuerySet[Charter]:
    """Return every version of the charter, the latest first, with `signed`: how many have signed it."""
    return Charter.objects.annotate(signed=Count("signatures")).order_by("-version")


def get_charter(version: int) -> Charter:
    """Return one version, for staff. Raises NotThere."""
    return get_or_not_there(Charter.objects.all(), version=version)


def get_capability(code: str) -> capabilities.Capability:
    """Return the declared capability that an address names. Raises NotThere."""
    try:
        return capabilities.get(code)
    except LookupError:
        raise NotThere from None


def requirements_by_capability() -> list[tuple[capabilities.Capability, list[Requirement]]]:
    """Return every declared capability with what it asks for. One query."""
    asked: dict[str, list[Requirement]] = {}
    for requirement in Requirement.objects.select_related("training").order_by("charter", "training__order", "training__code"):
        asked.setdefault(requirement.capability, []).append(requirement)
    return [(capability, asked.get(capability.code, [])) for capability in capabilities.all_capabilities()]


def get_requirement(capability: str, requirement_id: int) -> Requirement:
    """Return a requirement of `capability`, for staff; one of another capability is not found. Raises NotThere."""
    return get_or_not_there(Requirement.objects.select_related("training"), pk=requirement_id, capability=capability)


def running_waivers() -> QuerySet[Waiver]:
    """Return the waivers that count now, the first to end first."""
    return Waiver.objects.valid().select_related("user", "training", "granted_by").order_by("expires_at", "pk")


def get_award(award_id: uuid.UUID) -> Award:
    """Return an award with its person, for staff. Raises NotThere."""
    return get_or_not_there(Award.objects.select_related("user", "training"), pk=award_id)


def get_waiver(waiver_id: uuid.UUID) -> Waiver:
    """Return a waiver with its person, for staff. Raises NotThere."""
    return get_or_not_there(Waiver.objects.select_related("user", "training"), pk=waiver_id)


# Every page, fragment and socket command asks. tests/access/test_queries.py compares it with `explain`, over all combinations.
_COUNTS = """
    SELECT COUNT(*), COUNT(CASE WHEN
        (NOT r.charter AND EXISTS (
            SELECT 1 FROM access_award a
            WHERE a.user_id = %(user)s AND a.training_id = r.training_id AND a.major >= r.min_major
            AND a.revoked_at IS NULL AND (a.expires_at IS NULL OR a.expires_at > %(now)s)))
        OR (NOT r.charter AND EXISTS (
            SELECT 1 FROM access_waiver w
            WHERE w.user_id = %(user)s AND w.training_id = r.training_id
            AND w.withdrawn_at IS NULL AND w.expires_at > %(now)s))
        OR (r.charter AND EXISTS (
            SELECT 1 FROM access_chartersignature s
            WHERE s.user_id = %(user)s AND s.charter_id = (
                SELECT MAX(c.version) FROM access_charter c WHERE c.effective_on <= %(today)s)))
    THEN 1 END)
    FROM access_requirement r WHERE r.capability = %(capability)s
"""


def has_capability(user: User, code: str) -> bool:
    """Whether `user` has the capability now. One query."""
    capabilities.get(code)
    if not user.is_active:
        return False
    [(required, met)] = sql.fetch(_COUNTS, user=user.pk, now=timezone.now(), today=timezone.localdate(), capability=code)
    # A capability without requirements is closed: an empty table must not open the door.
    return bool(required) and met == required


def explain(user: User, code: str) -> Explanation:
    """Return what `code` requires and the state of each requirement for `user`. One query."""
    return explain_all(user, [code])[code]


def explain_all(user: User, codes: Iterable[str]) -> dict[str, Explanation]:
    """Like `explain`, for several capabilities. One query."""
    wanted = {code: capabilities.get(code) for code in codes}
    now = timezone.now()
    items: dict[str, list[Item]] = {code: [] for code in wanted}
    for asked in asked_of(user, now=now):
        if (code := asked.requirement.capability) in items:
            items[code].append(_charter_item(asked) if asked.requirement.charter else _training_item(asked, now))
    return {code: Explanation(capability, tuple(items[code]), user.is_active) for code, capability in wanted.items()}


def _training_item(asked: Asked, now: datetime) -> Item:
    training, min_major = asked.requirement.training, asked.requirement.min_major
    assert training is not None
    state, until, done_at = ProofState.MISSING, None, None
    for award in asked.proofs.awards:
        done_at, until = award.awarded_at, None
        if award.revoked_at is not None:
            state = ProofState.REVOKED
        elif award.expires_at is not None and award.expires_at <= now:
            state, until = ProofState.EXPIRED, award.expires_at
        elif award.major < min_major:
            state = ProofState.OUTDATED
    # Several valid awards: the one that lasts longest counts.
    valid = [
        award
        for award in asked.proofs.awards
        if award.revoked_at is None and award.major >= min_major and (award.expires_at is None or award.expires_at > now)
    ]
    if valid:
        best = max(valid, key=lambda award: (award.expires_at is None, award.expires_at or now))
        state, until, done_at = ProofState.MET, best.expires_at, best.awarded_at
    elif asked.proofs.waivers:
        waiver = max(asked.proofs.waivers, key=lambda waiver: waiver.expires_at)
        state, until, done_at = ProofState.WAIVED, waiver.expires_at, waiver.granted_at
    return Item(
        label=training.title,
        state=state,
        training=training,
        charter_version=None,
        until=until,
        done_at=done_at,
        url=capabilities.training_link(training.code),
    )


def _charter_item(asked: Asked) -> Item:
    state, done_at = ProofState.MISSING, None
    signatures = {signature.charter_id: signature for signature in asked.proofs.signatures}
    # Under the text in force if there is one; else the latest, which shows that it must be signed again.
    signature = signatures.get(asked.charter_version or 0) or signatures.get(max(signatures, default=0))
    if signature is not None:
        done_at = signature.signed_at
        state = ProofState.MET if signature.charter_id == asked.charter_version else ProofState.OUTDATED
    return Item(
        label=_("Sign the AI charter"),
        state=state,
        training=None,
        charter_version=asked.charter_version,
        until=None,
        done_at=done_at,
        url=reverse("access:charter"),
    )
