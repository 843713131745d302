"""A small but real OpenID Connect provider, run as a process of its own: authorization code, PKCE, ID tokens signed with RS256.

    python -m tests.accounts.oidc_provider '{"client_id": …, "client_secret": …, "redirect_uri": …, "people": {"ana": {claims}}}'

It prints its port and serves until it is stopped. Its sign-in page takes the field `person`; `deceit` makes it answer as a
broken or hostile provider would (see `Provider.sign`), so that tests can see what is refused. A person's claims are in the ID
token and in the user information, unless `userinfo` has the content of the latter; `sub` is theirs, or else their name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY_ID = "key-1"


class Refused(Exception):
    """A request that breaks the protocol; the message is the error code."""


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Grant:
    """What a code stands for."""

    person: str
    nonce: str
    challenge: str
    redirect_uri: str
    deceit: str


@dataclass
class Provider:
    client_id: str
    client_secret: str
    redirect_uri: str
    people: dict[str, dict[str, Any]]
    issuer: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    stranger: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    codes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    deceit: str = ""  # of the latest token: the key set is requested right after it

    def subject(self, grant: Grant) -> Any:
        return self.people[grant.person].get("sub", grant.person)

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def jwks(self) -> dict[str, Any]:
        key = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        ours = {**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}
        other = json.loads(RSAAlgorithm.to_jwk(self.stranger.public_key()))
        keys = {
            "nameless_with_encryption_key": [ours, {**other, "kid": "key-2", "use": "enc"}],
            "nameless_among_two": [ours, {**other, "kid": "key-2", "use": "sig"}],
            "encryption_key": [{**ours, "use": "enc"}],
        }
        return {"keys": keys.get(self.deceit, [ours])}

    def check_authorization(self, query: dict[str, str]) -> None:
        """Refuse a request that a careful provider would refuse."""
        if query.get("client_id") != self.client_id or query.get("redirect_uri") != self.redirect_uri:
            raise Refused("unauthorized_client")
        if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
            raise Refused("invalid_request")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            raise Refused("invalid_request: PKCE is required")
        if len(query.get("nonce", "")) < 16 or len(query.get("state", "")) < 8:
            raise Refused("invalid_request: nonce and state are required")

    def authorize(self, query: dict[str, str], form: dict[str, str]) -> str:
        """Return where to send the browser once the person has signed in here."""
        self.check_authorization(query)
        if form.get("person") not in self.people:
            return f"{self.redirect_uri}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = Grant(
            form["person"], query["nonce"], query["code_challenge"], query["redirect_uri"], form.get("deceit", "")
        )
        return f"{self.redirect_uri}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """Exchange a code, once."""
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            raise Refused("invalid_client")
        grant = self.codes.pop(form.get("code", ""), None)
        if grant is None or form.get("grant_type") != "authorization_code" or form.get("redirect_uri") != grant.redirect_uri:
            raise Refused("invalid_grant")
        if challenge_of(form.get("code_verifier", "")) != grant.challenge:
            raise Refused("invalid_grant: PKCE")
        now = int(time.time())
        self.deceit = grant.deceit
        claims = {
            **{name: value for name, value in self.people[grant.person].items() if name != "userinfo"},
            "sub": self.subject(grant),
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.nonce,
        }
        access_token = secrets.token_urlsafe(24)
        self.tokens[access_token] = grant
        answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
        if grant.deceit != "no_id_token":
            answer["id_token"] = self.sign(claims, grant.deceit)
        return answer

    def sign(self, claims: dict[str, Any], deceit: str) -> str:
        changes: dict[str, dict[str, Any]] = {
            "replayed_nonce": {"nonce": "the-nonce-of-another-request"},
            "other_audience": {"aud": "another-application"},
            "other_party": {"azp": "another-application"},
            "other_issuer": {"iss": "https://elsewhere.example"},
            "expired": {"exp": int(time.time()) - 3600},
            "no_expiry": {"exp": None},
            "foreign_nonce": {"nonce": "é" * 20},
            "several_audiences": {"aud": ["another-application", self.client_id]},
        }
        claims = {name: value for name, value in (claims | changes.get(deceit, {})).items() if value is not None}
        headers = {"kid": "another" if deceit == "unknown_key" else KEY_ID}
        if deceit.startswith("nameless"):
            headers = {}
        if deceit == "unsigned":
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        if deceit == "public_key_as_secret":
            header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", **headers}).encode()).rstrip(b"=").decode()
            body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
            return f"{header}.{body}.{'A' * 43}"
        if not isinstance(claims["sub"], str):  # PyJWT would not create such a token
            return jwt.PyJWS().encode(json.dumps(claims).encode(), self.key, algorithm="RS256", headers=headers)
        return jwt.encode(claims, self.stranger if deceit == "other_key" else self.key, algorithm="RS256", headers=headers)

    def userinfo(self, authorization: str) -> dict[str, Any]:
        grant = self.tokens.get(authorization.removeprefix("Bearer "))
        if grant is None:
            raise Refused("invalid_token")
        told = self.people[grant.person]
        return {**told.get("userinfo", told), "sub": "somebody-else" if grant.deceit == "other_person" else self.subject(grant)}


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        path, query = self._address()
        try:
            if path == "/.well-known/openid-configuration":
                self._json(self.provider.configuration())
            elif path == "/jwks":
                self._json(self.provider.jwks())
            elif path == "/userinfo":
                self._json(self.provider.userinfo(self.headers.get("Authorization", "")))
            elif path == "/authorize":
                self.provider.check_authorization(query)
                self._send(200, "text/html", b"<form method=post><input name=person><button>Sign in</button></form>")
            else:
                self._json({"error": "not_found"}, 404)
        except Refused as refusal:
            self._json({"error": str(refusal)}, 400)

    def do_POST(self) -> None:
        path, query = self._address()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        try:
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", self.provider.authorize(query, form))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path == "/token":
                self._json(self.provider.token(form))
            else:
                self._json({"error": "not_found"}, 404)
        except Refused as refusal:
            self._json({"error": str(refusal)}, 400)

    def _address(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}

    def _json(self, document: dict[str, Any], status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(document).encode())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    Handler.provider = Provider(**json.loads(sys.argv[1]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.provider.issuer = f"http://127.0.0.1:{server.server_port}"
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
