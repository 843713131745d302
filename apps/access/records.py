"""What somebody has proved, for themselves and for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Subquery
from django.utils import timezone

from . import capabilities
from .models import Award, CharterSignature, Waiver
from .proofs import Proofs
from .queries import charters_in_force, explain_all

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.accounts.panels import About


@dataclass(frozen=True, slots=True)
class AwardRecord:
    """An award in its present state, and where its certificate is."""

    award: Award
    state: str
    certificate: str | None


@dataclass(frozen=True, slots=True)
class Records:
    """All proofs of one person, the latest first, including revoked and expired ones. `signed`: the signature of the charter
    in force."""

    awards: list[AwardRecord]
    waivers: list[Waiver]
    signatures: Sequence[CharterSignature]
    signed: CharterSignature | None

    @property
    def proofs(self) -> Proofs:
        """The same, in the form from which rights are derived."""
        return Proofs(
            awards=[record.award for record in reversed(self.awards)],
            waivers=[waiver for waiver in self.waivers if waiver.is_running],
            signatures=list(reversed(self.signatures)),
        )


def _state(award: Award) -> str:
    if award.revoked_at is not None:
        return "revoked"
    if award.expires_at is not None and award.expires_at <= timezone.now():
        return "expired"
    return "valid"


def records_of(person: User, *, certificates: bool = False) -> Records:
    """Return the proofs of `person`, three queries; `certificates` adds where those of valid awards are."""
    found = Award.objects.filter(user=person.pk).select_related("training", "revoked_by").order_by("-awarded_at")
    awards = [(award, _state(award)) for award in found]
    links = capabilities.certificate_links([award for award, state in awards if state == "valid"]) if certificates else {}
    waivers = Waiver.objects.filter(user=person.pk).select_related("training", "granted_by", "withdrawn_by")
    in_force = Subquery(charters_in_force().values("version")[:1])
    signatures = list(CharterSignature.objects.filter(user=person.pk).select_related("charter").annotate(in_force=in_force))
    return Records(
        awards=[AwardRecord(award, state, links.get(award.pk)) for award, state in awards],
        waivers=list(waivers.order_by("-granted_at")),
        signatures=signatures,
        signed=next((signature for signature in signatures if signature.charter_id == signature.in_force), None),
    )


def own_panel(about: About) -> dict[str, Any]:
    """What a person sees of their own proofs: what is open to them, and why."""
    codes = [capability.code for capability in capabilities.all_capabilities()]
    explanations = explain_all(about.person, codes) if codes else {}
    return {"records": records_of(about.person, certificates=True), "explanations": list(explanations.values())}


def staff_panel(about: About) -> dict[str, Any]:
    """What staff see of somebody's proofs, and whether they may give and revoke them."""
    return {
        "person": about.person,
        "records": about.once(records_of),
        "may_manage": about.viewer.has_perm("access.manage_access"),
        "is_self": about.viewer.pk == about.person.pk,
    }
