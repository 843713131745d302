"""What somebody has proved, for themselves and for staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from . import capabilities
from .models import Award, Charter, CharterSignature, Waiver
from .queries import current_charter, explain_all

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True)
class AwardRecord:
    """An award as it stands today, and where its certificate is."""

    award: Award
    state: str
    certificate: str | None


@dataclass(frozen=True, slots=True)
class Records:
    """All proofs of one person, withdrawn and expired ones included."""

    awards: list[AwardRecord]
    waivers: list[Waiver]
    signatures: list[CharterSignature]
    charter: Charter | None

    @property
    def signed(self) -> CharterSignature | None:
        """The signature under the charter in force."""
        return next((s for s in self.signatures if self.charter is not None and s.charter_id == self.charter.version), None)


def _state(award: Award) -> str:
    if award.revoked_at is not None:
        return "revoked"
    if award.expires_at is not None and award.expires_at <= timezone.now():
        return "expired"
    return "valid"


def records_of(person: User, *, certificates: bool = False) -> Records:
    """Return the proofs of `person`, four queries; `certificates` adds where those of valid awards are."""
    found = Award.objects.filter(user=person.pk).select_related("training", "revoked_by").order_by("-awarded_at")
    awards = [(award, _state(award)) for award in found]
    links = capabilities.certificate_links([award for award, state in awards if state == "valid"]) if certificates else {}
    waivers = Waiver.objects.filter(user=person.pk).select_related("training", "granted_by", "withdrawn_by")
    return Records(
        awards=[AwardRecord(award, state, links.get(award.pk)) for award, state in awards],
        waivers=list(waivers.order_by("-granted_at")),
        signatures=list(CharterSignature.objects.filter(user=person.pk).select_related("charter")),
        charter=current_charter(),
    )


def own_panel(viewer: User, person: User) -> dict[str, Any]:
    """What a person sees of their own proofs: what is open to them, and why."""
    codes = [capability.code for capability in capabilities.all_capabilities()]
    explanations = explain_all(person, codes) if codes else {}
    return {"records": records_of(person, certificates=True), "explanations": list(explanations.values())}


def staff_panel(viewer: User, person: User) -> dict[str, Any]:
    """What staff see of somebody's proofs, and whether they may give and take them."""
    return {
        "person": person,
        "records": records_of(person),
        "may_manage": viewer.has_perm("access.manage_access"),
        "is_self": viewer.pk == person.pk,
    }
