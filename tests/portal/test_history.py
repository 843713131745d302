from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import translation

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.accounts.services import deactivate_person, set_roles, update_person
from apps.core import audit
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.portal.history import history_of
from tests.factories.accounts import EntityFactory, UserFactory
from tests.pages import markup

pytestmark = pytest.mark.django_db

READER = ["core.read_audit", "accounts.see_people"]


def _about(person: User) -> None:
    with transaction.atomic():
        audit.record(actor=UserFactory(), action="access.revoke_award", target=person, subject=person)


def test_a_persons_page_tells_who_changed_what_when_and_why(client: Client) -> None:
    client.force_login(UserFactory(permissions=READER))
    staff_member = UserFactory(first_name="Odile", last_name="Marchand")
    set_roles(user=staff_member, roles=[Role.ADMINISTRATOR], actor=None)
    entity, person = EntityFactory(code="santé-ouest"), UserFactory(first_name="Jean")
    update_person(user=person, changes={"entity": entity, "first_name": "Jeanne"}, actor=staff_member)
    set_roles(user=person, roles=[Role.TRAINER], actor=staff_member)
    deactivate_person(user=person, actor=staff_member, reason="Has left")
    page = markup(client.get(f"/staff/people/{person.pk}/", headers={"accept-language": "en"}))
    history = page[page.index('id="person-history"') :]
    told = ["Account closed", "Has left", "Roles changed", "Given: Trainer", "Entity: — → santé-ouest", "First name"]
    places = [history.index(words) for words in told]
    assert places == sorted(places)
    assert history.count(f'<a href="/staff/people/{staff_member.pk}/">Odile Marchand</a>') == 3
    assert "revoked_tokens" not in history


def test_a_history_holds_what_was_done_to_a_person_and_not_what_they_did() -> None:
    person, other = UserFactory(), UserFactory()
    with transaction.atomic():
        audit.record(actor=person, action="accounts.sign_in", target=person, subject=person)
        audit.record(actor=person, action="chat.create_conversation", target="chat.Conversation:1", subject=person)
        audit.record(actor=person, action="accounts.set_roles", target=other, subject=other)
        audit.record(actor=person, action="accounts.change_password", target=person, subject=person)
        audit.record(actor=None, action="access.award", target="access.Award:1", subject=person)
        audit.record(actor=other, action="accounts.change_email", target=f"accounts.User:{person.pk}")
    changes = history_of(person).object_list
    assert [(change.by, change.by_itself) for change in changes] == [(None, False), (None, True), (person, False)]


def test_who_has_no_role_any_more_stays_under_a_pseudonym(client: Client) -> None:
    client.force_login(UserFactory(permissions=READER))
    person = UserFactory()
    _about(person)
    page = client.get(f"/staff/people/{person.pk}/", headers={"accept-language": "en"}).content.decode()
    assert "somebody who has no role any more" in page
    assert f'title="{AuditEntry.objects.get().actor}"' in page


def test_a_history_without_entries_says_so_and_needs_the_right_to_read_the_trail(client: Client) -> None:
    person = UserFactory()
    client.force_login(UserFactory(permissions=READER))
    page = client.get(f"/staff/people/{person.pk}/", headers={"accept-language": "en"}).content.decode()
    assert "What is changed about this person will appear here" in page
    for permission in READER:
        client.force_login(UserFactory(permissions=[permission]))
        assert client.get(f"/staff/audit/people/{person.pk}/").status_code == 403
    client.force_login(UserFactory(permissions=["accounts.see_people"]))
    assert "person-history" not in client.get(f"/staff/people/{person.pk}/").content.decode()


def test_a_long_history_has_pages_in_the_panel_and_without_scripts(client: Client) -> None:
    client.force_login(UserFactory(permissions=READER))
    person = UserFactory()
    for _again in range(11):
        _about(person)
    first = client.get(f"/staff/people/{person.pk}/").content.decode()
    address = f"/staff/audit/people/{person.pk}/?page=2"
    assert f'href="{address}"' in first
    assert first.count("<time ") == 10
    whole = client.get(address).content.decode()
    panel = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert (whole.count("<time "), panel.count("<time ")) == (1, 1)
    assert ("<h1>" in whole, "<h1>" in panel) == (True, False)
    assert client.get(f"/staff/audit/people/{uuid7()}/").status_code == 404


@pytest.mark.parametrize("count", [1, 12])
def test_a_history_takes_two_questions(count: int, django_assert_num_queries: Any) -> None:
    person = UserFactory()
    for _again in range(count):
        _about(person)
    with django_assert_num_queries(2):
        assert len(history_of(person).object_list) == min(count, 10)


def test_what_an_earlier_release_wrote_down_is_told_as_far_as_it_goes() -> None:
    with translation.override("en"):
        assert audit.details_of("accounts.update_person", {"fields": ["site", "gone"], "changes": {"gone": ["a", ""]}}) == [
            "Site",
            "gone: a → —",
        ]
        assert audit.details_of("accounts.set_roles", {}) == []
        assert audit.details_of("accounts.set_roles", {"removed": ["old"], "secret": "x"}) == ["Taken away: old"]
        assert audit.details_of("access.award", {"training": "basics", "major": 2}) == ["basics, version 2"]
        assert audit.details_of("accounts.create_token", {"scopes": ["chat"]}) == []
