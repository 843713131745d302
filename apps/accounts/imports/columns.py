"""What the columns of a file can mean, and what they probably mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.directory import KINDS
from apps.core.text import folded

# The fields of a file, in the order in which they are offered; places are codes of the directory.
LABELS: dict[str, Any] = {
    "email": _("E-mail address"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    **{kind.column: kind.one for kind in KINDS},
}
LEFT_OUT = pgettext_lazy("column", "Left out")
REQUIRED = ("email", "first_name", "last_name")
PLACES = {kind.column: kind.person_field for kind in KINDS}
_ALIASES = {
    "email": "e-mail|e mail|email|mail|courriel|adresse|e-mail address|email address|adresse e-mail|adresse email|adresse mail"
    "|adresse electronique|adresse de courriel|mel|work email|user principal name|userprincipalname",
    "first_name": "first_name|first name|firstname|given name|givenname|prenom|prenoms|prenom usuel",
    "last_name": "last_name|last name|lastname|surname|family name|nom|nom de famille|nom usuel|nom d'usage",
    "entity": "entity|entite|code entite|entity code|societe|company",
    "department": "department|direction|departement|code direction|department code|service",
    "site": "site|code site|site code|lieu de travail|location|etablissement",
    "job": "job|metier|fonction|code metier|job code|job role|poste|intitule de poste|emploi|job title",
}
_FIELDS = {alias: field for field, aliases in _ALIASES.items() for alias in aliases.split("|")}


def guess(headers: Sequence[str]) -> list[str]:
    """Return the field that each column probably is; "" for those that are left out."""
    return [_FIELDS.get(" ".join(folded(header).split()), "") for header in headers]


def digest_of(headers: Sequence[str]) -> str:
    """Return a digest that is the same for files with the same columns."""
    return hashlib.sha256(json.dumps([folded(header) for header in headers]).encode()).hexdigest()
