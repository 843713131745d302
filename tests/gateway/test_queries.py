from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from apps.gateway.enums import VersionStatus
from apps.gateway.queries import choices_for
from tests.factories.accounts import UserFactory
from tests.factories.gateway import AliasFactory, ProviderFactory, VersionFactory

pytestmark = pytest.mark.django_db


def test_aliases_first_then_versions_that_can_be_called() -> None:
    today = timezone.localdate()
    active = VersionFactory.create(model__name="A model", label="v3", note_fr="Le plus sûr", note_en="")
    old = VersionFactory.create(
        model__name="Another model", status=VersionStatus.DEPRECATED, deprecated_on=today, retires_on=today + timedelta(days=9)
    )
    VersionFactory.create(status=VersionStatus.RETIRED, retires_on=today)
    VersionFactory.create(retires_on=today)
    VersionFactory.create(status=VersionStatus.PREVIEW)
    VersionFactory.create(provider=ProviderFactory.create(enabled=False))
    AliasFactory.create(code="later", order=20, target=old)
    AliasFactory.create(code="almia-standard", label="Almia standard", order=10, target=active)
    AliasFactory.create(code="nowhere", target=None)
    AliasFactory.create(code="preview", target=VersionFactory.create(status=VersionStatus.PREVIEW))
    choices = choices_for(UserFactory.create())
    assert [choice.target for choice in choices] == ["almia-standard", "later", str(active.pk), str(old.pk)]
    first, _, version, deprecated = choices
    assert (first.kind, first.label, first.version_label) == ("alias", "Almia standard", "v3")
    assert (version.kind, version.label, version.note) == ("version", str(active), "Le plus sûr")
    assert deprecated.retires_on == old.retires_on


def test_previews_are_for_who_may_use_them() -> None:
    preview = VersionFactory.create(status=VersionStatus.PREVIEW)
    assert choices_for(UserFactory.create()) == []
    choices = choices_for(UserFactory.create(permissions=["gateway.use_previews"]))
    assert [choice.target for choice in choices] == [str(preview.pk)]


def test_a_note_is_in_the_language_in_force() -> None:
    VersionFactory.create(note_fr="Un petit modèle", note_en="A small model")
    user = UserFactory.create()
    for language, note in (("fr", "Un petit modèle"), ("en", "A small model")):
        with translation.override(language):
            assert choices_for(user)[0].note == note


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow(rows: int, django_assert_num_queries: Any) -> None:
    for _ in range(rows):
        AliasFactory.create()
    user = UserFactory.create()
    with django_assert_num_queries(3):  # one for the right, two for the choices
        assert len(choices_for(user)) == 2 * rows
