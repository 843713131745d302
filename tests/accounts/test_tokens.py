from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts import scopes
from apps.accounts.errors import AccountError
from apps.accounts.models import PersonalToken, User
from apps.accounts.queries import tokens_of, user_for_token
from apps.accounts.services import activate_person, create_token, deactivate_person, note_token_use, revoke_token
from apps.core.missing import NotThere
from apps.core.models import AuditEntry
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "_scopes", {})
    scopes.declare("learning:read", "Read courses")
    scopes.declare("chat:write", "Write in conversations")


def make(user: User, **changes: object) -> tuple[PersonalToken, str]:
    fields: dict[str, object] = {
        "name": "Script",
        "scopes": ["learning:read"],
        "expires_at": timezone.now() + timedelta(days=30),
    }
    return create_token(user=user, **(fields | changes))  # type: ignore[arg-type]


def test_a_token_opens_the_account_in_one_query_and_is_not_kept(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    user = UserFactory()
    token, raw = make(user)
    with django_assert_num_queries(1):
        found = user_for_token(raw)
    assert found == (user, token)
    stored = PersonalToken.objects.values().get()
    assert raw not in str(stored)
    assert raw.startswith(stored["prefix"])
    assert len(raw) - len(stored["prefix"]) >= 30
    entry = AuditEntry.objects.get(action="accounts.create_token")
    assert raw not in str(entry.details)


@pytest.mark.parametrize("raw", ["", "almia_", "almia_unknown", "x" * 10_000, "almia_" + "é" * 40, "almia_\x00"])
def test_nonsense_opens_nothing(raw: str) -> None:
    assert user_for_token(raw) is None


def test_revoked_expired_and_deactivated_open_nothing() -> None:
    user = UserFactory()
    revoked, raw_revoked = make(user)
    revoke_token(user=user, token_id=revoked.pk)
    assert user_for_token(raw_revoked) is None

    expired, raw_expired = make(user)
    PersonalToken.objects.filter(pk=expired.pk).update(
        created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(days=1)
    )
    assert user_for_token(raw_expired) is None

    _, raw = make(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert user_for_token(raw) is None
    assert len(tokens_of(user)) == 1


def test_an_account_that_is_opened_again_does_not_give_old_keys_back() -> None:
    user, administrator = UserFactory(), UserFactory()
    _, raw = make(user)
    deactivate_person(user=user, actor=administrator, reason="A laptop was stolen")
    activate_person(user=user, actor=administrator)
    assert user_for_token(raw) is None
    assert AuditEntry.objects.get(action="accounts.deactivate_person").details == {"revoked_tokens": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["learning:read", "staff:write"]},
        {"expires_at": timezone.now() - timedelta(minutes=1)},
        {"expires_at": timezone.now() + timedelta(days=400)},
    ],
)
def test_a_token_needs_a_name_known_rights_and_an_end(changes: dict[str, object]) -> None:
    with pytest.raises(AccountError):
        make(UserFactory(), **changes)
    assert not PersonalToken.objects.exists()


def test_there_is_a_limit_to_the_tokens_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.services.tokens.MAX_TOKENS", 2)
    user = UserFactory()
    first, _ = make(user)
    make(user)
    with pytest.raises(AccountError):
        make(user)
    make(UserFactory())
    revoke_token(user=user, token_id=first.pk)
    make(user)


def test_nobody_revokes_somebody_elses_token() -> None:
    token, raw = make(UserFactory())
    with pytest.raises(NotThere):
        revoke_token(user=UserFactory(), token_id=token.pk)
    assert user_for_token(raw) is not None


def test_revoking_twice_writes_one_entry() -> None:
    user = UserFactory()
    token, _ = make(user)
    first = revoke_token(user=user, token_id=token.pk).revoked_at
    assert revoke_token(user=user, token_id=token.pk).revoked_at == first
    assert AuditEntry.objects.filter(action="accounts.revoke_token").count() == 1


def test_use_is_noted_once_a_minute(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    token, _ = make(UserFactory())
    note_token_use(token=token)
    token.refresh_from_db()
    assert token.last_used_at is not None
    with django_assert_num_queries(0):
        note_token_use(token=token)


def test_a_scope_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        scopes.declare("chat:write", "Again")
