"""One way for each kind of column."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.apps import apps
from django.db import models

from apps.core.bilingual import Bilingual
from apps.core.crypto import SealedText
from tests.architecture.source import files, name_of

KEYS = {"data_key", "wrapped_key", "wrapped"}  # wrapped keys: seals are made from them
WRITES_SEALS = {"apps/core/crypto/fields.py", "apps/core/crypto/sealing.py"}
OWN_GRAMMAR = {"accounts.Organisation": "its names are said by accounts.organisation.naming, with their articles"}
OTHER_PLACES = {"apps/accounts/secrecy.py": "values that lie in no column of their own: letters in the outbox, second factors"}


def columns() -> Iterator[tuple[str, models.Field[object, object]]]:
    for model in apps.get_models():
        if model.__module__.startswith("apps."):
            for field in model._meta.local_concrete_fields:
                yield f"{model._meta.label}.{field.name}", field


def test_bytes_are_sealed_text_or_keys() -> None:
    plain = {label for label, field in columns() if isinstance(field, models.BinaryField) and not isinstance(field, SealedText)}
    assert {label for label in plain if label.rpartition(".")[2] not in KEYS} == set()


def test_nobody_else_names_the_place_of_a_sealed_value() -> None:
    named = {
        name_of(path)
        for path in files(".py")
        if name_of(path).startswith("apps/") and re.search(r"\.(?:open|close)\([^()]*\b(?:table|column)=", path.read_text())
    }
    assert named - WRITES_SEALS - set(OTHER_PLACES) == set()
    assert set(OTHER_PLACES) <= named, "It is gone: the reason can go."


def test_texts_in_two_languages_are_read_in_one_way() -> None:
    pairs = {label.removesuffix("_fr") for label, _ in columns() if label.endswith("_fr")}
    assert set(OWN_GRAMMAR) <= {label.rpartition(".")[0] for label in pairs}, "It is gone: the reason can go."
    pairs = {label for label in pairs if label.rpartition(".")[0] not in OWN_GRAMMAR}
    assert pairs, "There is nothing to check."
    assert {label + "_en" for label in pairs} <= {label for label, _ in columns()}
    for label in pairs:
        app, model, name = label.split(".")
        assert isinstance(getattr(apps.get_model(app, model), name), Bilingual), label
