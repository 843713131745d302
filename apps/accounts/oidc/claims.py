"""What a provider's claims say about who arrives, read once and typed. What does not decide who somebody is (a name, a code) is
used as far as it makes sense and never fails a sign-in; what does decide must be well-formed, or nobody comes in."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from apps.accounts.addresses import check_email, normal_domain, normal_email, normal_name
from apps.accounts.lengths import longest
from apps.accounts.models import Entity, RefusedSignIn, User

# Identity is issuer and subject: the name under which the provider is configured does not count, and may change.
PROVIDER = "openid_connect"
LONGEST_NAME = longest(User, "first_name")
LONGEST_EMAIL = longest(User, "email")
LONGEST_SUBJECT = longest(RefusedSignIn, "subject")
LONGEST_ISSUER = longest(RefusedSignIn, "issuer")
LONGEST_CODE = longest(Entity, "code")
# Where an address may be if there is no `email`, in this order: a sign-in name, which nobody has verified.
SIGN_IN_NAMES = ("preferred_username", "upn", "unique_name")
ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")  # what a directory appends to a name: “(EXT)”
CODE = re.compile(r"[-a-zA-Z0-9_]+")


class ClaimsError(ValueError):
    """The claims do not say who somebody is; the message is a sentence for the log, without personal data."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who arrives. `verified`: the provider vouches for `email`, or the company does for its domain (see `read`)."""

    issuer: str
    subject: str
    email: str = ""
    verified: bool = False
    first_name: str = ""
    last_name: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return identity_of(self.issuer, self.subject)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def identity_of(issuer: str, subject: str) -> str:
    """Return the key under which the identity of `subject` at `issuer` is found: 64 characters, however long the two are."""
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()


def read(
    id_token: Mapping[str, Any], userinfo: Mapping[str, Any], *, vouched_domains: tuple[str, ...], wanted: Mapping[str, str]
) -> Claims:
    """Read the claims of the ID token and of the user information, which may add and correct but not take away.

    `vouched_domains`: domains whose addresses count as verified; `wanted`: the claim for each part of the directory.
    Raises ClaimsError if issuer or subject is missing or is not a plain string.
    """
    merged = {**id_token, **{name: value for name, value in userinfo.items() if value not in (None, "", [], {})}}
    email, verified = _address(id_token, userinfo, merged)
    first_name, last_name = _names(merged)
    found = {part: merged.get(claim) for part, claim in wanted.items()}
    return Claims(
        issuer=_plain(id_token.get("iss"), LONGEST_ISSUER, "issuer"),
        subject=_plain(id_token.get("sub"), LONGEST_SUBJECT, "subject"),
        email=email,
        verified=bool(email) and (verified or email.rpartition("@")[2] in map(normal_domain, vouched_domains)),
        first_name=first_name,
        last_name=last_name,
        codes={part: code for part, code in found.items() if isinstance(code, str) and _is_code(code)},
    )


def _plain(value: object, most: int, what: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ClaimsError(f"The {what} is no text of at most {most} characters.")
    if any(unicodedata.category(letter)[0] == "C" for letter in value):
        raise ClaimsError(f"The {what} holds control characters.")
    return value


def _is_code(value: str) -> bool:
    return len(value) <= LONGEST_CODE and CODE.fullmatch(value) is not None


# The address -----------------------------------------------------------------------------------------------------------
def _address(id_token: Mapping[str, Any], userinfo: Mapping[str, Any], merged: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the address, and whether the provider says that it is this person's.

    A verification counts only for the address it came with: the ID token does not vouch for a different one in user information.
    """
    told = [(_email(source.get("email")), _is_yes(source.get("email_verified"))) for source in (userinfo, id_token)]
    email = next((address for address, _ in told if address), "")
    if email:
        if userinfo.get("email_verified") is not None and not told[0][1]:
            return email, False
        return email, any(yes for address, yes in told if address == email)
    return next((address for name in SIGN_IN_NAMES if (address := _email(merged.get(name)))), ""), False


def _email(value: object) -> str:
    if not isinstance(value, str):
        return ""
    address = normal_email(value)
    try:
        check_email(address)
    except ValidationError:
        return ""
    return address if len(address) <= LONGEST_EMAIL else ""


def _is_yes(value: object) -> bool:
    """Some providers send words or numbers; whatever is not plainly yes is no."""
    return value is True or (isinstance(value, str | int) and str(value).strip().lower() in ("true", "1"))


# The name --------------------------------------------------------------------------------------------------------------
def _names(claims: Mapping[str, Any]) -> tuple[str, str]:
    first, last = _words(claims.get("given_name")), _words(claims.get("family_name"))
    if not first and not last:
        first, last = _split(_words(claims.get("name")))
    return first[:LONGEST_NAME].strip(), last[:LONGEST_NAME].strip()


def _words(value: object) -> str:
    """Return `value` as a name on one line: nothing invisible, and no first character that a spreadsheet would run."""
    if not isinstance(value, str):
        return ""
    return normal_name(value).lstrip("=+-@ ")


def _split(name: str) -> tuple[str, str]:
    """Return first and last name: “Ana Roux”, “Roux, Ana”, “ROUX Ana”, “Ana ROUX (EXT)”. An address is not a name."""
    if "@" in name:
        return "", ""
    name = " ".join(ASIDE.sub(" ", name).split())
    if "," in name:
        last, _, rest = name.partition(",")
        return rest.partition(",")[0].strip(), last.strip()
    words = name.split()
    capitals = [len(word) > 1 and word.isupper() for word in words]
    if not all(capitals):
        leading = next((index for index, is_capital in enumerate(capitals) if not is_capital), 0)
        if leading:
            return " ".join(words[leading:]), " ".join(words[:leading])
        trailing = next((index for index, is_capital in enumerate(reversed(capitals)) if not is_capital), 0)
        if trailing:
            return " ".join(words[:-trailing]), " ".join(words[-trailing:])
    return words[0] if words else "", " ".join(words[1:])
