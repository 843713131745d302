from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.health import Unwell
from apps.gateway.enums import STANDARD_ALIAS, Outcome
from apps.gateway.health import model_health
from tests.factories.gateway import AliasFactory, ProviderFactory, UsageFactory, VersionFactory

pytestmark = pytest.mark.django_db


def test_tells_which_version_answers_and_when_it_last_did() -> None:
    version = VersionFactory.create()
    AliasFactory.create(code=STANDARD_ALIAS, target=version)
    assert "never yet" in model_health()
    UsageFactory.create(version=version, started_at=timezone.now() - timedelta(seconds=42))
    UsageFactory.create(version=version, outcome=Outcome.FAILED)
    detail = model_health()
    assert str(version) in detail
    assert "42 s ago" in detail


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        (lambda: None, "points to no"),
        (lambda: AliasFactory.create(code=STANDARD_ALIAS, target=None), "points to no"),
        (
            lambda: AliasFactory.create(code=STANDARD_ALIAS, target=VersionFactory.create(retires_on=timezone.localdate())),
            "refused from",
        ),
        (
            lambda: AliasFactory.create(
                code=STANDARD_ALIAS, target=VersionFactory.create(provider=ProviderFactory.create(enabled=False))
            ),
            "not in use",
        ),
        (
            lambda: AliasFactory.create(
                code=STANDARD_ALIAS, target=VersionFactory.create(provider=ProviderFactory.create(trouble="No weights."))
            ),
            "No weights.",
        ),
    ],
)
def test_says_why_nobody_answers(alias: object, words: str) -> None:
    assert callable(alias)
    alias()
    with pytest.raises(Unwell, match=words):
        model_health()
