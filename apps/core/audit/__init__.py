"""The audit trail: append-only, pseudonymous, chained in batches and sealed per day (ADR 10).

`record` inserts an entry in the transaction of the write it records, without a lock; its stamp says how many the process has
written before it. The job `chain` gives waiting entries their place in the hash chain; `seal_days` fixes where the chain stood
at the end of a day; `verify` walks it.
"""

from .chaining import chain, head, seal_days
from .labels import declare, declared, details_of, label_of, tell
from .people import SYSTEM, changes_to, entries_of, pseudonym, shown_target
from .verifying import Problem, read_problem, unused_numbers, verify
from .writing import Event, record, record_many

__all__ = [
    "SYSTEM",
    "Event",
    "Problem",
    "chain",
    "changes_to",
    "declare",
    "declared",
    "details_of",
    "entries_of",
    "head",
    "label_of",
    "pseudonym",
    "read_problem",
    "record",
    "record_many",
    "seal_days",
    "shown_target",
    "tell",
    "unused_numbers",
    "verify",
]
