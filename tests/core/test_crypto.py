"""Encryption: what is moved, changed, foreign or destroyed cannot be opened, and without a key nothing is written unencrypted."""

from __future__ import annotations

import base64
import json
import secrets
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core import crypto
from apps.core.crypto import providers, sealing
from apps.core.models import OwnerKey

pytestmark = pytest.mark.django_db

PLACE = {"table": "chat_message", "column": "text", "key": "7"}
TEXT = "Mon numéro de contrat est 4711 🗝"


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A key file that belongs to the test; what was unwrapped before and in it is forgotten."""
    settings.KEY_FILE = tmp_path / "keys" / "kek.json"
    settings.KEY_FILE_MAY_BE_CREATED = True
    forget()
    yield Path(settings.KEY_FILE)
    forget()


def forget() -> None:
    """As after a restart."""
    providers._local.cache_clear()
    sealing._unwrapped.clear()


@pytest.fixture
def owner() -> uuid.UUID:
    return uuid.uuid4()


def test_opens_what_it_closed(owner: uuid.UUID) -> None:
    wrapped = crypto.new_data_key(owner)
    sealed = crypto.open_seal(wrapped, owner).close(TEXT, **PLACE)
    assert TEXT.encode() not in sealed
    forget()
    assert crypto.open_seal(wrapped, owner).open(sealed, **PLACE) == TEXT
    assert crypto.open_seal(memoryview(wrapped), owner).open(memoryview(sealed), **PLACE) == TEXT


def test_the_same_text_never_looks_the_same(owner: uuid.UUID) -> None:
    seal = crypto.open_seal(crypto.new_data_key(owner), owner)
    assert len({seal.close(TEXT, **PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("moved", [{"table": "chat_other"}, {"column": "title"}, {"key": "8"}, {"key": uuid.uuid4()}])
def test_moved_elsewhere_it_does_not_open(owner: uuid.UUID, moved: dict[str, object]) -> None:
    seal = crypto.open_seal(crypto.new_data_key(owner), owner)
    sealed = seal.close(TEXT, **PLACE)
    with pytest.raises(crypto.Tampered):
        seal.open(sealed, **{**PLACE, **moved})  # type: ignore[arg-type]


def test_changed_by_one_bit_it_does_not_open(owner: uuid.UUID) -> None:
    seal = crypto.open_seal(crypto.new_data_key(owner), owner)
    sealed = seal.close(TEXT, **PLACE)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(crypto.Tampered):
            seal.open(bytes(changed), **PLACE)
    for short in (b"", sealed[:11], sealed[:12], sealed[:-1]):
        with pytest.raises(crypto.Tampered):
            seal.open(short, **PLACE)


def test_another_owners_key_does_not_open_it(owner: uuid.UUID) -> None:
    other = uuid.uuid4()
    wrapped = crypto.new_data_key(owner)
    crypto.new_data_key(other)
    with pytest.raises(crypto.Tampered):
        crypto.open_seal(wrapped, other)


def test_another_conversations_data_key_does_not_open_it(owner: uuid.UUID) -> None:
    first, second = crypto.new_data_key(owner), crypto.new_data_key(owner)
    sealed = crypto.open_seal(first, owner).close(TEXT, **PLACE)
    with pytest.raises(crypto.Tampered):
        crypto.open_seal(second, owner).open(sealed, **PLACE)


def test_an_owner_key_put_on_another_owners_row_does_not_open(owner: uuid.UUID) -> None:
    other = uuid.uuid4()
    wrapped = crypto.new_data_key(owner)
    crypto.new_data_key(other)
    stolen = OwnerKey.objects.get(owner_id=owner)
    OwnerKey.objects.filter(owner_id=other).update(wrapped=stolen.wrapped)
    forget()
    with pytest.raises(crypto.Tampered):
        crypto.open_seal(wrapped, other)


def test_a_data_key_on_a_key_that_was_read_before_is_bound_to_its_owner_too(owner: uuid.UUID) -> None:
    other = uuid.uuid4()
    wrapped = crypto.new_data_key(owner)
    crypto.new_data_key(other)
    crypto.open_seal(wrapped, owner)  # the owner's key is in memory now
    OwnerKey.objects.filter(owner_id=other).update(wrapped=OwnerKey.objects.get(owner_id=owner).wrapped)
    with pytest.raises(crypto.Tampered):
        crypto.open_seal(wrapped, other)


def test_a_destroyed_owner_stays_shut_for_ever(owner: uuid.UUID) -> None:
    wrapped = crypto.new_data_key(owner)
    crypto.open_seal(wrapped, owner)
    crypto.destroy_owner_key(owner_id=owner)
    crypto.destroy_owner_key(owner_id=owner)
    with pytest.raises(crypto.KeyDestroyed):
        crypto.open_seal(wrapped, owner)
    with pytest.raises(crypto.KeyDestroyed):
        crypto.new_data_key(owner)
    row = OwnerKey.objects.get(owner_id=owner)
    assert row.wrapped is None
    assert row.destroyed_at is not None


def test_an_owner_whose_key_is_gone_is_told_apart_from_one_who_is_new(owner: uuid.UUID) -> None:
    wrapped = crypto.new_data_key(owner)
    OwnerKey.objects.all().delete()
    with pytest.raises(crypto.KeyDestroyed):
        crypto.open_seal(wrapped, owner)


def test_the_key_file_is_for_its_owner_only(owner: uuid.UUID, key_file: Path) -> None:
    crypto.new_data_key(owner)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700


def test_without_a_key_file_nothing_is_written(owner: uuid.UUID, key_file: Path, settings: Any) -> None:
    settings.KEY_FILE_MAY_BE_CREATED = False
    forget()
    with pytest.raises(crypto.KeyUnavailable):
        crypto.new_data_key(owner)
    assert not key_file.exists()
    assert not OwnerKey.objects.exists()


def test_a_lost_key_file_is_refused_and_says_so(owner: uuid.UUID, key_file: Path, settings: Any) -> None:
    wrapped = crypto.new_data_key(owner)
    key_file.unlink()
    settings.KEY_FILE_MAY_BE_CREATED = False
    forget()
    with pytest.raises(crypto.KeyUnavailable):
        crypto.open_seal(wrapped, owner)


@pytest.mark.parametrize(
    "content",
    ["", "not json", "{}", '{"current": "1"}', '{"current": "1", "keys": {"1": "short"}}', '{"current": "2", "keys": {}}', "[]"],
)
def test_a_broken_key_file_is_refused(owner: uuid.UUID, key_file: Path, content: str) -> None:
    key_file.parent.mkdir()
    key_file.write_text(content)
    with pytest.raises(crypto.KeyUnavailable):
        crypto.new_data_key(owner)


def test_the_wrong_key_file_opens_nothing(owner: uuid.UUID, key_file: Path) -> None:
    wrapped = crypto.new_data_key(owner)
    key_file.write_text(json.dumps({"current": "1", "keys": {"1": base64.b64encode(secrets.token_bytes(32)).decode()}}))
    forget()
    with pytest.raises(crypto.Tampered):
        crypto.open_seal(wrapped, owner)


def test_rotation_rewraps_every_owner_and_touches_no_content(owner: uuid.UUID, key_file: Path) -> None:
    owners = [owner, uuid.uuid4(), uuid.uuid4()]
    wrapped = {each: crypto.new_data_key(each) for each in owners}
    sealed = crypto.open_seal(wrapped[owner], owner).close(TEXT, **PLACE)
    crypto.destroy_owner_key(owner_id=owners[2])
    call_command("rewrap_keys", "--new-key", verbosity=0)
    document = json.loads(key_file.read_text())
    assert document["current"] == "2"
    assert set(document["keys"]) == {"1", "2"}
    assert set(OwnerKey.objects.exclude(wrapped=None).values_list("kek_version", flat=True)) == {"2"}
    assert crypto.open_seal(wrapped[owner], owner).open(sealed, **PLACE) == TEXT
    # The old key can go now.
    del document["keys"]["1"]
    key_file.write_text(json.dumps(document))
    forget()
    assert crypto.open_seal(wrapped[owner], owner).open(sealed, **PLACE) == TEXT
    with pytest.raises(crypto.KeyDestroyed):
        crypto.open_seal(wrapped[owners[2]], owners[2])
    assert crypto.rewrap_owner_keys() == 0


def test_a_process_that_was_running_reads_what_another_one_rotated(owner: uuid.UUID, key_file: Path) -> None:
    wrapped = crypto.new_data_key(owner)
    here = providers.LocalKeyProvider(key_file, may_create=False)
    here.current_version()
    call_command("rewrap_keys", "--new-key", verbosity=0)
    row = OwnerKey.objects.get(owner_id=owner)
    assert row.wrapped is not None
    assert here.unwrap(row.kek_version, bytes(row.wrapped), sealing._owner_context(owner))
    assert crypto.open_seal(wrapped, owner)


def test_a_version_that_nobody_has_is_unavailable_and_not_destroyed(owner: uuid.UUID) -> None:
    wrapped = crypto.new_data_key(owner)
    OwnerKey.objects.update(kek_version="9")
    forget()
    with pytest.raises(crypto.KeyUnavailable):
        crypto.open_seal(wrapped, owner)
    with pytest.raises(CommandError):
        call_command("rewrap_keys", verbosity=0)


def test_what_was_unwrapped_is_not_kept_without_end(owner: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "CACHE_SIZE", 3)
    for _ in range(10):
        crypto.new_data_key(uuid.uuid4())
    assert len(sealing._unwrapped) <= 3


def test_opening_a_seal_costs_one_query(owner: uuid.UUID, django_assert_num_queries: Any) -> None:
    wrapped = crypto.new_data_key(owner)
    with django_assert_num_queries(1):
        crypto.open_seal(wrapped, owner)


async def test_the_server_does_not_start_without_its_keys(key_file: Path, settings: Any) -> None:
    settings.KEY_FILE_MAY_BE_CREATED = False
    forget()
    with pytest.raises(crypto.KeyUnavailable):
        await providers.check_key_provider()
