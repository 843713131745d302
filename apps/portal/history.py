"""What was done to a person and their account, from the audit trail, as the staff page about them shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Window

from apps.accounts.queries import people_with_roles
from apps.core import audit
from apps.core.models import AuditEntry

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.accounts.panels import About

PER_PAGE = 10
NO_CHANGES = ["accounts.sign_in"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done to a person or their account. `by`: who did it, if they may be named: the person, and anybody who
    has a role today; None for the others, who appear as `pseudonym`, and for Almia itself."""

    at: datetime
    label: str
    details: list[str]
    reason: str
    by: User | None
    pseudonym: str

    @property
    def by_itself(self) -> bool:
        """Whether Almia did it, or the company's sign-in through it."""
        return self.pseudonym == audit.SYSTEM


def history_of(person: User, *, number: Any = 1) -> Page[Any]:
    """Return one page of the changes to `person`, the latest first, as `Change`. Two queries, one more for a later page.

    Staff who may see people and read the trail can find anybody there by name: naming those who act reveals nothing new to them.
    """
    entries = AuditEntry.objects.filter(audit.changes_to(person)).exclude(action__in=NO_CHANGES).order_by("-at", "-id")
    paginator = Paginator(entries, PER_PAGE)
    if number == 1:  # the page that everybody opens: counted by the query that reads it
        found = list(entries.annotate(total=Window(Count("*")))[:PER_PAGE])
        paginator.count = vars(found[0])["total"] if found else 0
        page: Page[Any] = paginator.page(1)
    else:
        page = paginator.get_page(number)
        found = list(page.object_list)
    named = {audit.pseudonym(each): each for each in (*people_with_roles(), person)} if found else {}
    page.object_list = [
        Change(
            entry.at,
            audit.label_of(entry.action),
            audit.details_of(entry.action, entry.details),
            entry.reason,
            named.get(entry.actor),
            entry.actor,
        )
        for entry in found
    ]
    return page


def history_panel(about: About) -> dict[str, Any] | None:
    """The history on somebody's page in the staff area, for staff who may read the trail."""
    if not about.viewer.has_perm("core.read_audit"):
        return None
    return {"person": about.person, "page": history_of(about.person)}
