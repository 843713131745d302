"""What needs the attention of staff. Apps declare looks in `AppConfig.ready()`; the staff area runs them all.

attention.declare(Look("gateway.providers", _("Providers"), "gateway.manage_models", providers_failing))
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .person import Person

logger = logging.getLogger("almia.attention")


@dataclass(frozen=True, slots=True)
class Attention:
    """Something a member of staff should look at. `level`: bad or warm."""

    title: str
    text: str
    level: str
    url: str | None
    icon: str


@dataclass(frozen=True, slots=True)
class Look:
    """`find()` returns what needs attention, in a constant number of queries; it is called only for staff with `permission`.

    `label`: what it looks at, shown if the look fails (lazy translation). `order`: the position of its findings.
    """

    code: str
    label: Any
    permission: str
    find: Callable[[], Sequence[Attention]]
    order: int = 100


_looks: dict[str, Look] = {}


def declare(look: Look) -> None:
    """Declare `look`. Declaring a code twice is an error."""
    if look.code in _looks:
        raise ValueError(f"Look {look.code} is declared twice.")
    _looks[look.code] = look


def attention_for(person: Person) -> list[Attention]:
    """Return what needs attention among what `person` may manage, the most pressing first.

    A look that fails is logged and does not affect the others: in its place the page says that it could not be read.
    """
    looks = sorted(_looks.values(), key=lambda look: look.order)
    found = [item for look in looks if person.has_perm(look.permission) for item in _found_by(look)]
    return sorted(found, key=lambda item: item.level != "bad")


def _found_by(look: Look) -> Sequence[Attention]:
    try:
        return look.find()
    except Exception:  # whatever the error: the other looks are needed all the more
        logger.exception("Look %s failed.", look.code)
        title = _("%(what)s: this could not be read") % {"what": look.label}
        return [Attention(title, _("What needs attention here is not known. The log tells why."), "bad", None, "alert-triangle")]
