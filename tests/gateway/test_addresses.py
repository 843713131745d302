from __future__ import annotations

import socket

import pytest

from apps.gateway import clients
from apps.gateway.addresses import AddressRefused, check_base_url, is_forbidden
from apps.gateway.calls import Endpoint
from apps.gateway.errors import Code, GatewayError


@pytest.mark.parametrize(
    "url",
    [
        "https://api.mistral.ai/v1",
        "https://10.20.30.40:8443/v1",
        "http://localhost:11434/v1",
        "http://127.0.0.1:8000/v1",
        "http://[::1]:8000/v1",
    ],
)
def test_a_provider_may_be_here(url: str) -> None:
    assert check_base_url(f" {url}/ ") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com/v1",
        "ftp://example.com/v1",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@example.com/v1",
        "https://user@example.com/v1",
        "https://example.com/v1?key=1",
        "https://example.com/v1#x",
        "https://example.com:99999/v1",
        "https://exa mple.com/v1",
        "https://example.com\\@169.254.169.254/v1",
        "https://[::1/v1",
        "http://example.com/v1",
        "http://10.0.0.1/v1",
        "http://127.0.0.1.evil.example/v1",
        "https://169.254.169.254/latest",
        "https://[::ffff:169.254.169.254]/latest",
        "https://[::ffff:a9fe:a9fe]/latest",
        "https://[fe80::1]/v1",
        "https://[fd00:ec2::254]/latest",
        "https://[64:ff9b::a9fe:a9fe]/latest",
        "https://[2002:a9fe:a9fe::]/latest",
        "https://0.0.0.0/v1",
        "https://100.100.100.200/latest",
        "https://2852039166/latest",
        "https://0xa9fea9fe/latest",
        "https://169.254.43518/latest",
        "https://169.254.169.254./latest",
        "https://169\u3002254\uff61169\uff0e254/latest",
        "https://[64:ff9b:1::a9fe:a9fe]/latest",
        "https://0/v1",
    ],
)
def test_a_provider_may_not_be_there(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        check_base_url(url)
    assert str(caught.value)
    assert "secret" not in str(caught.value)


def test_unencrypted_only_when_allowed() -> None:
    assert check_base_url("http://gpu.intranet:8000/v1", allow_plain_http=True) == "http://gpu.intranet:8000/v1"
    with pytest.raises(AddressRefused):
        check_base_url("http://169.254.169.254/v1", allow_plain_http=True)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%eth0", "0.0.0.1", "::", "ff02::1", "nonsense"]
)
def test_forbidden_numbers(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "2606:4700::1111", "::ffff:10.0.0.1"])
def test_allowed_numbers(address: str) -> None:
    assert not is_forbidden(address)


async def test_the_connection_itself_is_refused_however_its_address_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the check of what is typed had missed it: a numeric address is never resolved, so the resolver's check does not see
    # it.
    monkeypatch.setattr(clients, "check_base_url", lambda url, **_options: url)
    monkeypatch.setattr(socket.socket, "connect", None)
    endpoint = Endpoint(
        base_url="http://169.254.169.254/v1", api_key="", allow_plain_http=True, reports_usage=True, token_limit="max_tokens"
    )
    with pytest.raises(GatewayError) as caught:
        await clients.list_models(endpoint)
    await clients.close_clients()
    assert caught.value.code is Code.NOT_CONFIGURED
    assert "must not have" in caught.value.detail


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com/v1/chat/completions/", "https://api.example.com/v1"),
        ("https://api.example.com/v1/models", "https://api.example.com/v1"),
        ("https://alcyon.openai.azure.com/openai/v1/", "https://alcyon.openai.azure.com/openai/v1"),
        (
            "https://alcyon.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-06-01",
            "https://alcyon.openai.azure.com/openai/deployments/gpt?api-version=2024-06-01",
        ),
    ],
)
def test_an_address_that_was_copied_with_its_call_is_cut_to_its_beginning(typed: str, kept: str) -> None:
    assert check_base_url(typed) == kept
    assert check_base_url(kept) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("https://alcyon.openai.azure.com", "/openai/v1"),
        ("https://alcyon.openai.azure.com/openai/deployments/gpt", "api-version"),
        ("https://alcyon.openai.azure.com/openai/deployments/gpt?api-version=1&key=sk-1", "question mark"),
        ("https://alcyon.openai.azure.com/openai/deployments/gpt?api-version=1&api-version=2", "question mark"),
        ("https://api.example.com/v1?api-version=1", "question mark"),
    ],
)
def test_an_address_that_lacks_something_says_what(typed: str, words: str) -> None:
    with pytest.raises(AddressRefused, match=words):
        check_base_url(typed)
