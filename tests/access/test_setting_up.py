from __future__ import annotations

import pytest

from apps.access import capabilities, setting_up
from apps.access.models import Charter
from apps.core.enums import Readiness
from tests.factories.access import CharterFactory, RequirementFactory, SignatureFactory

pytestmark = pytest.mark.django_db


def test_the_charter_in_force_is_told_with_its_signatures() -> None:
    assert setting_up.charter().state is Readiness.TODO
    charter: Charter = CharterFactory()
    SignatureFactory(charter=charter)
    assert setting_up.charter().state is Readiness.DONE
    assert setting_up.charter().sentence.endswith("signed by 1 person.")


def test_without_requirements_nobody_gets_in() -> None:
    assert setting_up.requirements().state is Readiness.TODO


def test_a_right_that_nobody_can_get_fails() -> None:
    for capability in capabilities.all_capabilities():
        RequirementFactory(capability=capability.code, training=None, charter=True)
    standing = setting_up.requirements()
    assert (standing.state, standing.sentence) == (
        Readiness.FAILING,
        "No charter is in force. A right asks for a signed charter, but there is none to sign.",
    )
    CharterFactory()
    assert setting_up.requirements().state is Readiness.DONE
