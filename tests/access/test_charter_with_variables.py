"""Charter 1 was shipped with the name of the demo’s insurer: if published that way, it gets the variables and says the same."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings

from apps.access.models import Charter, CharterSignature
from apps.accounts.organisation import with_values
from apps.learning.importing import Problems, read_charters
from apps.learning.importing.charter import CharterContent
from apps.learning.queries import charter_is_published_otherwise
from tests.factories.access import CharterFactory, SignatureFactory

pytestmark = pytest.mark.django_db
MIGRATION = import_module("apps.access.migrations.0004_charter_with_variables")


def shipped() -> CharterContent:
    found = read_charters(settings.CONTENT_DIR / "charter", Problems(settings.CONTENT_DIR))
    return next(charter for charter in found if charter.version == 1)


def published_before() -> Charter:
    content = shipped()
    bodies = {
        f"body_{language}": with_values(body, {variable: words for words, variable in MIGRATION.REPLACED[language]})
        for language, body in content.bodies.items()
    }
    titles = {f"title_{language}": title for language, title in content.titles.items()}
    charter: Charter = CharterFactory(version=1, effective_on=content.effective_on, **titles, **bodies)
    return charter


def test_a_published_charter_takes_up_the_variables_and_signatures_keep_their_text() -> None:
    charter = published_before()
    texts = {language: charter.source(language) for language in ("fr", "en")}
    for language in texts:
        SignatureFactory(charter=charter, language=language)
    MIGRATION.take_up_variables(apps, None)
    assert not charter_is_published_otherwise(shipped())
    assert "{{" in Charter.objects.get().body_fr
    assert {signature.language: signature.text for signature in CharterSignature.objects.select_related("charter")} == texts


def test_another_text_is_left_as_it_is() -> None:
    charter = published_before()
    Charter.objects.update(body_en=charter.body_en + "More.\n")
    MIGRATION.take_up_variables(apps, None)
    assert Charter.objects.get().body_fr == charter.body_fr


def test_without_a_charter_there_is_nothing_to_do() -> None:
    MIGRATION.take_up_variables(apps, None)
    assert not Charter.objects.exists()
