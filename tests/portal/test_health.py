from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.test.utils import override_settings

from apps.core import health
from apps.portal import health as portal_health


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    portal_health.forget()
    yield
    portal_health.forget()


def test_healthz_needs_no_database_no_sign_in_and_no_known_host(client: Client) -> None:
    # No django_db mark: a query would fail the test.
    response = client.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_readyz_names_every_part_and_refuses_when_a_critical_one_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> str:
        raise ConnectionError("redis://user:secret@host is not there")

    response = client.get("/readyz")
    assert set(response.json()["parts"]) >= {"database", "broker", "channel_layer", "beat"}
    assert response.status_code == 200

    portal_health.forget()
    monkeypatch.setitem(health._checks, "broker", health.Check("broker", down, critical=True))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["broker"]["state"] == "failed"
    assert "secret" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("tryout", [False, True])
def test_readyz_tells_the_world_no_names(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tryout: bool
) -> None:
    def unwell() -> str:
        raise health.Unwell("The provider Alcyon-Interne refuses the key.")

    monkeypatch.setitem(health._checks, "model", health.Check("model", unwell, critical=False))
    with override_settings(TRYOUT=tryout):
        response = client.get("/readyz")
    assert response.json()["parts"]["model"]["state"] == "failed"
    assert ("Alcyon-Interne" in response.content.decode()) is tryout
    assert "Alcyon-Interne" in caplog.text


@pytest.mark.django_db
def test_readyz_is_kept_for_two_seconds(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def report() -> tuple[bool, dict[str, dict[str, object]]]:
        asked.append(1)
        return True, {}

    monkeypatch.setattr(health, "report", report)
    for _ in range(5):
        assert client.get("/readyz").status_code == 200
    assert len(asked) == 1


def test_probes_are_read_only(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.head("/healthz").status_code == 200
