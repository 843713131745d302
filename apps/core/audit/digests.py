"""What protects an entry: the stamp it is inserted with, its hash in the chain, and the mark of a seal."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC
from typing import Any

from django.conf import settings

from apps.core.models import AuditEntry, AuditSeal

from .numbering import writer

FIRST = "0" * 64  # stands in for the hash before the first entry


def _told(entry: AuditEntry) -> list[Any]:
    at = entry.at.astimezone(UTC).isoformat()
    return [at, entry.actor, entry.action, entry.target, entry.subject, entry.reason, entry.details]


def _json(body: list[Any]) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False).encode()


def _keyed(purpose: str, body: list[Any]) -> str:
    """Return a digest that only a holder of AUDIT_KEY can make; each purpose has a key of its own."""
    key = hmac.digest(settings.AUDIT_KEY.encode(), f"audit {purpose}".encode(), "sha256")
    return hmac.new(key, _json(body), hashlib.sha256).hexdigest()


def stamp(entry: AuditEntry) -> str:
    """Return a new stamp for `entry`: a name that no other entry has (`numbering.Writer`), and the keyed digest of this name and
    the whole content."""
    name = writer.next_name()
    return f"{name}:{_keyed('entry', [name, *_told(entry)])}"


def is_stamped(entry: AuditEntry) -> bool:
    """Whether the content of `entry` is what it was when it was inserted."""
    name, _, digest = (entry.stamp or "").partition(":")
    return hmac.compare_digest(digest.encode(), _keyed("entry", [name, *_told(entry)]).encode())


def hash_of(entry: AuditEntry) -> str:
    """Return the hash of `entry` at its place in the chain. It is keyed and covers the content through its stamp; for an entry
    from before stamps existed, neither is the case."""
    if entry.stamp:
        return _keyed("chain", [entry.seq, entry.pk, entry.stamp, entry.previous_hash])
    return hashlib.sha256(_json([entry.seq, *_told(entry), entry.previous_hash])).hexdigest()


def mark_of(seal: AuditSeal) -> str:
    """Return the keyed digest of `seal`."""
    return _keyed("seal", [seal.day.isoformat(), seal.seq, seal.hash, seal.last_id, seal.entries, seal.unused])
