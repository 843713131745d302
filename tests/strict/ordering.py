"""Rows without an order come in reverse, and slicing them is an error: PostgreSQL promises nothing either."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import QuerySet


class UnorderedSlice(AssertionError):
    """Part of an unordered queryset: which rows these are is left to chance."""


def _matters(queryset: QuerySet[Any]) -> bool:
    return queryset.model.__module__.startswith("apps.") and not queryset.ordered


def install(patch: pytest.MonkeyPatch) -> None:
    take, fetch = QuerySet.__getitem__, QuerySet._fetch_all

    def strict_take(self: QuerySet[Any], key: Any) -> Any:
        if self._result_cache is None and _matters(self):
            raise UnorderedSlice(f"{self.model.__name__}: [{key}] of a queryset without an order.")
        return take(self, key)

    def strict_fetch(self: QuerySet[Any]) -> None:
        fresh = self._result_cache is None
        fetch(self)
        if fresh and self._result_cache and _matters(self):
            self._result_cache.reverse()

    patch.setattr(QuerySet, "__getitem__", strict_take)
    patch.setattr(QuerySet, "_fetch_all", strict_fetch)
