from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.enums import Readiness
from apps.gateway import setting_up
from apps.gateway.enums import STANDARD_ALIAS, Outcome
from tests.factories.gateway import AliasFactory, ProviderFactory, UsageFactory, VersionFactory

pytestmark = pytest.mark.django_db


def test_a_provider_in_use_can_be_tested() -> None:
    ProviderFactory(enabled=False)
    assert setting_up.providers().state is Readiness.TODO
    provider = ProviderFactory(name="Steady")
    standing = setting_up.providers()
    assert (standing.state, standing.sentence) == (Readiness.DONE, "1 provider in use: Steady.")
    assert standing.trial is not None
    assert standing.trial.url == f"/staff/models/providers/{provider.pk}/test/"


def test_a_provider_in_trouble_fails_with_its_reason() -> None:
    ProviderFactory(name="Steady", trouble="It refuses the key.", trouble_at=timezone.now())
    standing = setting_up.providers()
    assert (standing.state, standing.sentence) == (Readiness.FAILING, "Steady: It refuses the key.")


def test_the_standard_model_is_done_once_it_has_answered() -> None:
    assert setting_up.standard_model().state is Readiness.TODO
    version = VersionFactory()
    AliasFactory(code=STANDARD_ALIAS, target=version)
    standing = setting_up.standard_model()
    assert standing.state is Readiness.TODO
    assert "never answered" in standing.sentence
    UsageFactory(version=version, outcome=Outcome.FAILED)
    assert setting_up.standard_model().state is Readiness.TODO
    UsageFactory(version=version, outcome=Outcome.COMPLETED)
    assert setting_up.standard_model().state is Readiness.DONE


def test_a_standard_model_out_of_use_fails() -> None:
    AliasFactory(code=STANDARD_ALIAS, target=VersionFactory(provider=ProviderFactory(enabled=False)))
    assert setting_up.standard_model().state is Readiness.FAILING
