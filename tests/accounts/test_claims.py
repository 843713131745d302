"""What a provider says about who arrives: odd values decide nothing they must not decide, and fail nothing they must not fail."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from apps.accounts.oidc.claims import Claims, ClaimsError, identity_of, read
from apps.accounts.oidc.trust import signing_key

WHO = {"iss": "https://sso.alcyon.example", "sub": "42"}
MAIL = "ana.roux@alcyon.example"


Told = dict[str, Any]


def claims(id_token: Told, userinfo: Told | None = None, domains: tuple[str, ...] = ()) -> Claims:
    return read({**WHO, **id_token}, userinfo or {}, vouched_domains=domains, wanted={"entity": "company"})


# Identity --------------------------------------------------------------------------------------------------------------
def test_identity_is_issuer_and_subject_and_nothing_else() -> None:
    assert claims({"email": MAIL}).identity == claims({"name": "Other"}).identity == identity_of(WHO["iss"], "42")
    assert identity_of("https://a.example", "b") != identity_of("https://a.exampl", "eb")
    assert identity_of('a","b', "c") != identity_of("a", 'b","c')
    assert identity_of("https://a.example", "42") != identity_of("https://a.example/", "42")
    assert len(identity_of("x" * 500, "y" * 255)) == 64


def test_user_information_never_changes_who_it_is() -> None:
    found = claims({}, {"iss": "https://elsewhere.example", "sub": "somebody"})
    assert (found.issuer, found.subject) == ("https://sso.alcyon.example", "42")


@pytest.mark.parametrize("wrong", [42, None, "", "   ", ["42"], "4\u00002", "x" * 256, {"sub": "42"}, True])
def test_a_subject_must_be_plain(wrong: Any) -> None:
    with pytest.raises(ClaimsError, match="subject"):
        claims({"sub": wrong})
    with pytest.raises(ClaimsError, match="issuer"):
        claims({"iss": wrong if wrong != "x" * 256 else "x" * 501})


# Merging ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("empty", [{}, {"sub": "42"}, {"email": None, "given_name": ""}, {"email": [], "given_name": {}}])
def test_user_information_takes_nothing_away(empty: dict[str, Any]) -> None:
    found = claims({"email": MAIL, "email_verified": True, "given_name": "Ana", "company": "sante"}, empty)
    assert (found.email, found.verified, found.first_name, found.codes) == (MAIL, True, "Ana", {"entity": "sante"})


def test_user_information_corrects() -> None:
    found = claims(
        {"email": "old@alcyon.example", "given_name": "Anna"}, {"email": MAIL, "email_verified": True, "given_name": "Ana"}
    )
    assert (found.email, found.verified, found.first_name) == (MAIL, True, "Ana")


# The address -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("id_token", "userinfo", "verified"),
    [
        ({"email": "old@alcyon.example", "email_verified": True}, {"email": MAIL}, False),
        ({"email": MAIL, "email_verified": True}, {"email": MAIL}, True),
        ({"email": MAIL, "email_verified": True}, {"email": MAIL, "email_verified": False}, False),
        ({"email": MAIL, "email_verified": True}, {"email_verified": False}, False),
        ({"email": MAIL}, {"email_verified": True}, False),
        ({"email": MAIL, "email_verified": False}, {"email": MAIL, "email_verified": True}, True),
    ],
)
def test_a_word_for_one_address_does_not_vouch_for_another(
    id_token: dict[str, Any], userinfo: dict[str, Any], verified: bool
) -> None:
    found = claims(id_token, userinfo)
    assert (found.email, found.verified) == (MAIL, verified)


@pytest.mark.parametrize("yes", [True, "true", "True", " TRUE ", 1, "1"])
def test_what_says_that_an_address_is_verified(yes: Any) -> None:
    assert claims({"email": MAIL, "email_verified": yes}).verified


@pytest.mark.parametrize("no", [False, "false", "no", 0, "0", 2, None, "", [True], ["true"], {"a": 1}, "yes", 1.5])
def test_what_is_not_plainly_yes_is_no(no: Any) -> None:
    assert not claims({"email": MAIL, "email_verified": no}).verified


@pytest.mark.parametrize("spelt", ["Ana.Roux@Alcyon.Example", "  ana.roux@alcyon.example \n"])
def test_an_address_has_one_spelling(spelt: str) -> None:
    assert claims({"email": spelt}).email == MAIL


@pytest.mark.parametrize(
    "wrong",
    [
        [MAIL],
        {"value": MAIL},
        7,
        None,
        "",
        "ana",
        "a@b@c.example",
        "ana\u0000@alcyon.example",
        "x" * 250 + "@a.example",
        "\ud800@a.fr",
    ],
)
def test_what_is_no_address_is_none(wrong: Any) -> None:
    found = claims({"email": wrong, "email_verified": True})
    assert (found.email, found.verified) == ("", False)


@pytest.mark.parametrize("name", ["preferred_username", "upn", "unique_name"])
def test_a_name_to_sign_in_with_is_an_address_that_nobody_verified(name: str) -> None:
    found = claims({name: MAIL.upper(), "email_verified": True})
    assert (found.email, found.verified) == (MAIL, False)
    assert claims({name: MAIL}, domains=("ALCYON.example",)).verified
    assert not claims({name: MAIL}, domains=("lcyon.example", "example")).verified
    assert claims({name: "aroux"}).email == ""


# The name --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ana Roux", "Ana", "Roux"),
        ("Roux, Ana", "Ana", "Roux"),
        ("Roux,Ana", "Ana", "Roux"),
        ("Roux, Ana, Dr", "Ana", "Roux"),
        ("Roux,", "", "Roux"),
        ("ROUX Ana", "Ana", "ROUX"),
        ("DE LA TOUR Ana Maria", "Ana Maria", "DE LA TOUR"),
        ("Ana Maria ROUX", "Ana Maria", "ROUX"),
        ("ROUX ANA", "ROUX", "ANA"),
        ("Ana", "Ana", ""),
        ("J Roux", "J", "Roux"),
        ("Ana de la Tour", "Ana", "de la Tour"),
        ("ana.roux@alcyon.example", "", ""),
        ("Ana Roux (EXT)", "Ana", "Roux"),
        ("Roux, Ana [Externe] (EXT)", "Ana", "Roux"),
        ("O’NEIL-ROUX Ana", "Ana", "O’NEIL-ROUX"),
        ("(EXT)", "", ""),
        ("  Ana\t\n Roux ", "Ana", "Roux"),
        ("", "", ""),
    ],
)
def test_a_name_in_one_piece(name: str, first: str, last: str) -> None:
    found = claims({"name": name})
    assert (found.first_name, found.last_name) == (first, last)


def test_first_and_last_name_come_before_the_whole() -> None:
    found = claims({"given_name": "Ana", "family_name": "Roux", "name": "Somebody Else"})
    assert found.name == "Ana Roux"


@pytest.mark.parametrize("odd", [["Ana"], 7, None, {"first": "Ana"}, True, "\u0000", "\u200b\u200d", "\ud800", "=+-@"])
def test_what_is_no_name_is_none(odd: Any) -> None:
    found = claims({"given_name": odd, "family_name": odd, "name": odd})
    assert (found.first_name, found.last_name) == ("", "")


def test_names_lose_what_is_not_seen_and_fit() -> None:
    found = claims({"given_name": "A\u200bn\u0007a\u202e", "family_name": "=Roux" + "x" * 500})
    assert found.first_name == "An a"
    assert found.last_name == ("Roux" + "x" * 76)
    assert claims({"given_name": "Ane\u0301"}).first_name == "An\u00e9"


@pytest.mark.parametrize("odd", [["a"], 7, "x\u0000", "\ud800", "a b", "x" * 51, "", {"code": "a"}])
def test_a_code_that_cannot_be_one_is_left_out(odd: Any) -> None:
    assert claims({"company": odd}).codes == {}


# Keys ------------------------------------------------------------------------------------------------------------------
RSA = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key()))
EC = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()))
EC384 = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key()))
SECRET = {"kty": "oct", "k": "c2VjcmV0"}


@pytest.mark.parametrize(
    ("keys", "header", "fits"),
    [
        ([RSA], {"alg": "RS256"}, True),
        ([RSA], {"alg": "PS256"}, True),
        ([RSA], {"alg": "RS256", "kid": ""}, True),
        ([RSA, EC], {"alg": "RS256"}, True),
        ([EC, EC384], {"alg": "ES384"}, True),
        ([RSA, {**RSA, "use": "enc"}], {"alg": "RS256"}, True),
        ([RSA, {**RSA, "key_ops": ["encrypt"]}], {"alg": "RS256"}, True),
        ([{**RSA, "key_ops": None}, "nonsense", None], {"alg": "RS256"}, True),
        ([{**RSA, "kid": "a"}, {**RSA, "kid": "b"}], {"alg": "RS256", "kid": "b"}, True),
        ([{**RSA, "kid": "a"}, {**RSA, "kid": "b"}], {"alg": "RS256"}, False),
        ([{**RSA, "kid": "a"}, {**RSA, "kid": "a"}], {"alg": "RS256", "kid": "a"}, False),
        ([{**RSA, "kid": "a"}], {"alg": "RS256", "kid": "b"}, False),
        ([{**RSA, "kid": "a", "use": "enc"}], {"alg": "RS256", "kid": "a"}, False),
        ([{**RSA, "alg": "RS512"}], {"alg": "RS256"}, False),
        ([EC], {"alg": "RS256"}, False),
        ([SECRET], {"alg": "HS256"}, False),
        ([RSA], {"alg": "HS256"}, False),
        ([RSA], {"alg": "none"}, False),
        ([RSA], {"alg": ["RS256"]}, False),
        ([RSA], {}, False),
        ([], {"alg": "RS256"}, False),
    ],
)
def test_a_token_is_checked_with_the_one_key_it_can_be(keys: list[Any], header: dict[str, Any], fits: bool) -> None:
    if fits:
        assert isinstance(signing_key({"keys": keys}, header), jwt.PyJWK)
    else:
        with pytest.raises(ValueError, match="key"):
            signing_key({"keys": keys}, header)


@pytest.mark.parametrize("nonsense", [[], "keys", None, {}, {"keys": None}, {"keys": "x"}])
def test_what_is_no_set_of_keys_holds_none(nonsense: Any) -> None:
    with pytest.raises(ValueError, match="key"):
        signing_key(nonsense, {"alg": "RS256"})
