"""What it takes to put the portal into service. Apps declare steps in `AppConfig.ready()`; the page “Setting up” lists them.

setting_up.declare(Step("mail", label=_("Mail"), …, permission="accounts.manage_people", look=mail, order=40))
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .attention import Attention
from .enums import Readiness
from .person import Person

logger = logging.getLogger("almia.setting_up")


@dataclass(frozen=True, slots=True)
class Trial:
    """A real test that a button starts. `url` takes a POST."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a step is, and one sentence that says so with figures. `trial`: how to test it, if that is possible now."""

    state: Readiness
    sentence: str
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `label`, `text` (what it is for) and `action` (the words of the link to it) are lazy translations.

    `permission`: the step is shown to staff who have it. `look()` returns its standing, in a constant number of queries.
    `url_name`:
    where it is done, empty if the environment decides it. `optional`: the portal can be in service without it, and it is not
    counted.
    """

    code: str
    label: Any
    text: Any
    permission: str
    look: Callable[[], Standing]
    url_name: str = ""
    action: Any = ""
    order: int = 100
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """A step and how far it is."""

    step: Step
    standing: Standing

    @property
    def done(self) -> bool:
        return self.standing.state is Readiness.DONE

    @property
    def left(self) -> bool:
        """Whether the portal is not in service as long as this stays as it is. A failure counts even in an optional step."""
        return self.standing.state is Readiness.FAILING or (not self.done and not self.step.optional)

    @property
    def leads(self) -> bool:
        """Whether something can be done about it from here."""
        return bool(self.standing.trial or self.step.url_name)


_steps: dict[str, Step] = {}


def declare(step: Step) -> None:
    """Declare `step`. Declaring a code twice is an error."""
    if step.code in _steps:
        raise ValueError(f"Step {step.code} is declared twice.")
    _steps[step.code] = step


def steps_for(person: Person) -> list[Looked]:
    """Return the steps that `person` may take, in order, each with its current state.

    A look that fails is logged and does not affect the others: its step says that it could not be read.
    """
    return [Looked(step, _standing_of(step)) for step in _in_order() if person.has_perm(step.permission)]


def steps_left(*, url: str) -> list[Attention]:
    """Return how many steps are left, if any. `url`: where they are listed."""
    count = sum(Looked(step, _standing_of(step)).left for step in _in_order())
    if not count:
        return []
    title = ngettext("%(count)s step of setting up is left", "%(count)s steps of setting up are left", count) % {"count": count}
    return [Attention(title, _("Until then, colleagues may not get as far as a first answer."), "warm", url, "list-checks")]


def _in_order() -> list[Step]:
    return sorted(_steps.values(), key=lambda step: step.order)


def _standing_of(step: Step) -> Standing:
    try:
        return step.look()
    except Exception:  # whatever the error: the other steps are needed all the more
        logger.exception("Step %s could not be looked at.", step.code)
        return Standing(Readiness.FAILING, _("How far this is could not be read. The log tells why."))
