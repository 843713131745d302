"""What an import would do: every line is checked, and who is absent. Nothing changes for anybody."""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress

from apps.accounts.enums import ImportState, Outcome
from apps.accounts.models import ImportFile, ImportLine, PeopleImport, User
from apps.core.crypto import Seal

from . import work
from .lines import Reader, compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from apps.accounts.queries import Directory

CHECK_BATCH = 2000
MOST_CODES = 500  # unknown codes in one column: if there are more, it is probably another column


def look_at_lines(claimed: PeopleImport, seal: Seal, known: Directory) -> tuple[dict[str, int], set[str]]:
    """Store the lines worth showing and the unknown codes; return the counts, and the addresses that occur.

    Raises NotOurs, and AccountError if the file cannot be read to its end.
    """
    with work.hold(claimed) as held:
        ImportLine.objects.filter(of=held).delete()
        held.position = 0
    reader = Reader(claimed.mapping, known, claimed.creating)
    counts: Counter[str] = Counter()
    shown: Counter[Outcome] = Counter()
    unknown: dict[str, Counter[str]] = defaultdict(Counter)
    for batch in work.batches(reader.lines(work.rows_below(claimed, seal)), CHECK_BATCH):
        compare(batch)
        told = [(work.outcome_of(line), line) for line in batch]
        counts.update(outcome.value for outcome, _line in told)
        counts["nameless"] += sum(not line.has_address for line in batch)
        for line in batch:
            for column, code in line.unknown.items():
                unknown[column][code] += 1
        with work.hold(claimed) as held:
            work.keep(held, seal, told, shown)
            held.position += len(batch)
    codes = {column: sorted(found.items(), key=lambda item: -item[1]) for column, found in unknown.items()}
    findings = {
        "unknown": {column: found for column, found in codes.items() if len(found) <= MOST_CODES},
        "too_many": {column: len(found) for column, found in codes.items() if len(found) > MOST_CODES},
    }
    with work.hold(claimed) as held:
        PeopleImport.findings.write(held, seal, json.dumps(findings))
    found_counts = {name: counts[name] for name in (*Outcome.values, "nameless")}
    return {**found_counts, "lines": claimed.position}, reader.named


def absent_of(claimed: PeopleImport, named: set[str], people: QuerySet[User]) -> list[str]:
    """Return the ids of those of `people` whom no line names, by any of their addresses; never the sender or the applier."""
    addresses = EmailAddress.objects.order_by("pk").values_list("user_id", "email")
    named_people = {person for person, email in addresses.iterator() if email in named}
    found = people.exclude(pk__in=responsible_for(claimed)).order_by("pk").values_list("pk", "email")
    return [str(pk) for pk, email in found.iterator() if email not in named and pk not in named_people]


def responsible_for(people_import: PeopleImport) -> list[uuid.UUID]:
    """Return the ids of the people who sent and who applied the file."""
    return [pk for pk in (people_import.created_by_id, people_import.applied_by_id) if pk is not None]


def stand_checked(held: PeopleImport, seal: Seal, counts: dict[str, int], absent: Iterable[str]) -> None:
    """Set what a check found; the transaction that holds the import saves it."""
    absent = list(absent)
    file = ImportFile(of=held)
    ImportFile.absent.write(file, seal, json.dumps(absent))
    ImportFile.objects.filter(pk=held.pk).update(absent=file.absent)
    opened = User.objects.filter(is_active=True).count()
    held.checked = {**counts, "absent": len(absent), "open": opened}
    held.state, held.runner, held.position = ImportState.CHECKED, "", 0
