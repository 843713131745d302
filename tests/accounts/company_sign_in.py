"""A browser that comes in through a provider in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import requests
from django.http import HttpResponse
from django.test import Client

CALLBACK = "http://testserver/accounts/oidc/alcyon/login/callback/"
LOGIN = "/accounts/oidc/alcyon/login/"
PEOPLE = {
    "ana": {
        "email": "Ana.Roux@alcyon.example",
        "email_verified": True,
        "given_name": "Ana",
        "family_name": "Roux",
        "company": "alcyon-sante",
        "unit": "prestations",
        "title": "no-such-job",
        "roles": ["administrator"],
        "is_superuser": True,
    },
    "unverified": {"email": "victim@alcyon.example", "email_verified": False, "given_name": "Eve"},
    "in_words": {"email": "victim@alcyon.example", "email_verified": "false"},
    "silent": {"email": "victim@alcyon.example"},
    "without": {"given_name": "Nobody"},
    "nonsense": {"email": ["victim@alcyon.example"], "email_verified": True},
    "upn": {"preferred_username": "victim@alcyon.example", "email_verified": True},
    "adfs": {"email": "Ana.Roux@alcyon.example", "email_verified": True, "name": "Roux, Ana", "userinfo": {}},
    "numbered": {"sub": 42, "email": "ana.roux@alcyon.example", "email_verified": True},
    "newcomer": {"email": "ana.roux@alcyon.example", "email_verified": True, "name": "Ana Roux"},
    "strange": {
        "email": "ana.roux@alcyon.example",
        "email_verified": True,
        "given_name": ["Ana"],
        "family_name": "R\u200boux\u0000 " + "x" * 300,
        "company": {"name": "alcyon"},
        "unit": "x\u0000",
        "groups": "overage",
        "_claim_names": {"groups": "src1"},
    },
}


def serve() -> Iterator[str]:
    """Run a provider; yield its address."""
    options = {"client_id": "almia", "client_secret": "a-secret", "redirect_uri": CALLBACK, "people": PEOPLE}
    command = [sys.executable, "-m", "tests.accounts.oidc_provider", json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


def leave(client: Client, **data: str) -> str:
    """Press the button; return the provider's address the browser is sent to."""
    response = client.post(LOGIN, data)
    assert response.status_code == 302
    return str(response.headers["Location"])


def at_provider(address: str, person: str, deceit: str = "") -> str:
    """Sign in at the provider; return where it sends the browser."""
    assert requests.get(address, timeout=5).status_code == 200
    answer = requests.post(address, data={"person": person, "deceit": deceit}, timeout=5, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("http://testserver")


def come_in(person: str, deceit: str = "", **data: str) -> tuple[Client, HttpResponse]:
    client = Client(headers={"accept-language": "en"})
    return client, client.get(at_provider(leave(client, **data), person, deceit))  # type: ignore[return-value]
