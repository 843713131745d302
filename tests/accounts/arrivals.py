"""People who arrive through the company's sign-in, as the services see them."""

from __future__ import annotations

import pytest
from allauth.socialaccount.models import SocialAccount

from apps.accounts.models import RefusedSignIn, User
from apps.accounts.oidc.claims import Claims
from apps.accounts.services import SignInRefused, create_person, receive, welcome_back

MAIL = "ana.roux@alcyon.example"
ANA = Claims("https://sso.alcyon.example", "ana", MAIL, True, "Ana", "Roux")
NAMESAKE = Claims("https://sso.alcyon.example", "another-ana", MAIL, True, "Ana", "Roux")
ELSEWHERE = Claims("https://other.example", "ana", MAIL, True, "Ana", "Roux")


def entered(email: str = MAIL) -> User:
    return create_person(email=email, first_name="Ana", last_name="Roux", actor=None)


def comes_in(claims: Claims) -> User:
    """Arrive in the way the adapter lets people arrive."""
    known = SocialAccount.objects.filter(uid=claims.identity).first() or receive(claims=claims)
    return welcome_back(user=known.user, claims=claims)


def refused(claims: Claims = ANA) -> RefusedSignIn:
    with pytest.raises(SignInRefused) as caught:
        receive(claims=claims)
    assert caught.value.refused is not None
    return caught.value.refused
