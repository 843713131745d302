"""Settings from the environment: typed, and loud when something is missing or wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Return variable `name`; without a default it must be set and not empty."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. See docs/operations.md.")
    return default


def secret(name: str, *, shortest: int) -> str:
    """Return variable `name`, which must be set and hard to guess: at least `shortest` characters, not a few over and over."""
    value = text(name)
    if len(value) < shortest or len(set(value)) < 10:
        raise ImproperlyConfigured(f"{name} is too easy to guess: give it at least {shortest} random characters.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """Return variable `name` as a boolean (1/true/yes/on, 0/false/no/off)."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is neither true nor false: {value!r}.")


def integer(name: str, default: int) -> int:
    """Return variable `name` as a whole number."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a whole number: {value!r}.") from None


def words(name: str, default: list[str] | None = None) -> list[str]:
    """Return variable `name` as a list, separated by commas; without a default it must not be empty."""
    found = [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]
    if found:
        return found
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. See docs/operations.md.")
    return default


def origins(name: str, default: list[str] | None = None) -> list[str]:
    """Return variable `name` as exact origins, `scheme://host[:port]`."""
    found = words(name, default)
    for origin in found:
        try:
            parts = urlsplit(origin)
            parts.port  # noqa: B018  reading it is what tells that it is none
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {origin!r} is not of the form scheme://host[:port].") from None
        if parts.scheme in {"http", "https"} and parts.hostname and parts.path.strip("/"):
            raise ImproperlyConfigured(
                f"{name}: {origin!r} holds the path {parts.path!r}. Almia is served at the root of a host name of its own, "
                "not below a path: see docs/operations.md."
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            raise ImproperlyConfigured(f"{name}: {origin!r} is not of the form scheme://host[:port].")
    return found


SQLITE_OPTIONS = {
    # IMMEDIATE: a transaction that reads and then writes takes its lock first, so it can wait instead of failing.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # FULL: if a person got an answer, their message is stored, even after a power cut.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def database(url: str, *, pool_size: int) -> dict[str, Any]:
    """Return Django's DATABASES entry for `url`: sqlite:///path or postgres://user:password@host:port/name?option=value.

    PostgreSQL gets a psycopg pool of `pool_size` connections; threads never keep connections.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = Path(unquote(parts.path))
        return {
            "ENGINE": "apps.core.sqlite",
            "NAME": str(path),
            "OPTIONS": dict(SQLITE_OPTIONS),
            "CONN_MAX_AGE": 0,
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": {
                **dict(parse_qsl(parts.query)),
                "pool": {"min_size": 1, "max_size": pool_size, "timeout": 10},
            },
            "CONN_MAX_AGE": 0,
        }
    raise ImproperlyConfigured(f"DATABASE_URL: unknown scheme {parts.scheme!r} (sqlite or postgres).")


def terminal_language() -> str:
    """Return the language of the person at the terminal: `fr` if it is set to French, else `en`."""
    chosen = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if chosen.lower().startswith("fr") else "en"
