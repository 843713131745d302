from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone, translation

from apps.access import capabilities
from apps.accounts.models import RefusedSignIn, User
from apps.core import audit, outbox
from apps.core.attention import attention_for
from apps.core.enums import MessageState
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, OutboxMessage
from apps.gateway.enums import STANDARD_ALIAS, Outcome, VersionStatus
from apps.gateway.models import Alias, Model, ModelVersion, Provider, UsageEntry
from apps.portal import staff
from apps.portal.verification import verify_audit
from tests.factories.access import RequirementFactory, WaiverFactory
from tests.factories.accounts import UserFactory
from tests.factories.gateway import AliasFactory, ProviderFactory, VersionFactory
from tests.pages import markup

pytestmark = pytest.mark.django_db


def dead(task: str = "core.something") -> OutboxMessage:
    return OutboxMessage.objects.create(
        task=task, state=MessageState.DEAD, attempts=6, finished_at=timezone.now(), last_error="ValueError: no"
    )


@pytest.mark.parametrize("path", ["/staff/", "/staff/tasks/", "/staff/audit/", "/staff/audit/verification/"])
def test_the_staff_area_is_closed_to_who_has_nothing_to_do_there(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    client.force_login(UserFactory())
    assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    ("permission", "open_paths", "closed_paths"),
    [
        ("core.manage_tasks", ["/staff/", "/staff/tasks/"], ["/staff/audit/", "/staff/audit/verification/"]),
        ("core.read_audit", ["/staff/", "/staff/audit/", "/staff/audit/verification/"], ["/staff/tasks/"]),
    ],
)
def test_each_page_asks_for_its_own_permission(
    client: Client, permission: str, open_paths: list[str], closed_paths: list[str]
) -> None:
    client.force_login(UserFactory(permissions=[permission]))
    assert {client.get(path).status_code for path in open_paths} == {200}
    assert {client.get(path).status_code for path in closed_paths} == {403}


def test_replaying_gives_a_dead_task_its_attempts_again_and_is_written_down(client: Client) -> None:
    user = UserFactory(permissions=["core.manage_tasks"])
    client.force_login(user)
    message = dead()
    assert client.get(f"/staff/tasks/{message.pk}/replay/").status_code == 405
    assert client.post(f"/staff/tasks/{message.pk}/replay/").status_code == 302
    message.refresh_from_db()
    assert (message.state, message.attempts) == (MessageState.PENDING, 0)
    entry = AuditEntry.objects.get(action="core.replay_task")
    assert (entry.actor, entry.details) == (audit.pseudonym(user), {"task": "core.something"})
    # Twice, or for something that does not exist: the page says so, and nothing is done.
    client.post(f"/staff/tasks/{message.pk}/replay/")
    assert AuditEntry.objects.filter(action="core.replay_task").count() == 1


def test_only_who_manages_tasks_may_replay(client: Client) -> None:
    message = dead()
    client.force_login(UserFactory(permissions=["core.read_audit"]))
    assert client.post(f"/staff/tasks/{message.pk}/replay/").status_code == 403
    message.refresh_from_db()
    assert message.state == MessageState.DEAD


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_dead_tasks_costs_the_same_with_one_and_three(
    client: Client, django_assert_num_queries: Any, rows: int
) -> None:
    client.force_login(UserFactory(permissions=["core.manage_tasks"]))
    for _ in range(rows):
        dead()
    with django_assert_num_queries(7):  # session, person, permissions, rights, count, rows, figures
        assert client.get("/staff/tasks/").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_the_trail_costs_the_same_with_one_and_three(client: Client, django_assert_num_queries: Any, rows: int) -> None:
    client.force_login(UserFactory(permissions=["core.read_audit"]))
    for n in range(rows):
        _record("access.award", n)
    with django_assert_num_queries(9):  # as above (no figures), actions, last verification, pending verification
        assert client.get("/staff/audit/").status_code == 200


def _record(action: str, n: int = 0) -> AuditEntry:
    with transaction.atomic():
        return audit.record(actor=None, action=action, target=f"test.Thing:{n}")


def test_the_trail_is_filtered_by_action_and_by_day(client: Client) -> None:
    client.force_login(UserFactory(permissions=["core.read_audit"]))
    _record("access.award")
    _record("access.revoke_award")
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    assert [entry.action for entry in staff.audit_entries(action="access.award")] == ["access.award"]
    assert staff.audit_entries(since=today, until=today).count() == 2
    assert not staff.audit_entries(since=tomorrow)
    page = client.get("/staff/audit/", {"action": "access.award", "since": str(today)}).content.decode()
    assert page.count("<code>access.award</code>") == 1
    assert "<code>access.revoke_award</code>" not in page


def _about(person: User, **fields: Any) -> None:
    with transaction.atomic():
        audit.record(actor=UserFactory(), action="access.revoke_award", target=person, subject=person, **fields)


def test_the_trail_names_nobody_but_whom_one_looks_for(client: Client) -> None:
    reader = UserFactory(permissions=["core.read_audit", "accounts.see_people"])
    client.force_login(reader)
    person, other = UserFactory(first_name="Odile", last_name="Marchand"), UserFactory(first_name="Yann", last_name="Le Goff")
    _about(person)
    _about(other)
    page = client.get("/staff/audit/").content.decode()
    for somebody in (person, other):
        assert str(somebody.pk) not in page
        assert somebody.last_name not in page
    for asked in (person.email.upper(), str(person.pk)):
        page = markup(client.get("/staff/audit/", {"person": asked}))
        assert page.count("<code>access.revoke_award</code>") == 1
        assert f'<td><a href="/staff/people/{person.pk}/">Odile Marchand</a></td>' in page
        assert f'value="{person.email}"' in page
        assert "Le Goff" not in page


def test_an_entry_from_before_shows_no_plain_id(client: Client) -> None:
    client.force_login(UserFactory(permissions=["core.read_audit", "accounts.see_people"]))
    person = UserFactory()
    with transaction.atomic():
        audit.record(actor=None, action="access.award", target=f"accounts.User:{person.pk}")
    page = client.get("/staff/audit/").content.decode()
    assert str(person.pk) not in page
    assert f"accounts.User:{audit.pseudonym(person)}" in page
    page = client.get("/staff/audit/", {"person": person.email}).content.decode()
    assert page.count("<code>access.award</code>") == 1


def test_only_who_may_see_people_looks_for_one(client: Client) -> None:
    client.force_login(UserFactory(permissions=["core.read_audit"]))
    person = UserFactory()
    _about(person)
    _record("access.award")
    page = client.get("/staff/audit/", {"person": person.email}).content.decode()
    assert 'name="person"' not in page
    assert "<code>access.award</code>" in page


@pytest.mark.parametrize("asked", ["nobody@alcyon.example", "0190a7e0-0000-7000-8000-000000000000", "?"])
def test_somebody_unknown_is_said_beside_the_field(client: Client, asked: str) -> None:
    client.force_login(UserFactory(permissions=["core.read_audit", "accounts.see_people"]))
    _record("access.award")
    page = client.get("/staff/audit/", {"person": asked}).content.decode()
    assert "Nobody has this e-mail address." in page
    assert "<code>access.award</code>" not in page


def test_a_persons_page_leads_to_their_entries_for_who_may_read_them(client: Client) -> None:
    person = UserFactory()
    link = f"/staff/audit/?person={person.pk}"
    client.force_login(UserFactory(permissions=["accounts.see_people"]))
    assert link not in client.get(f"/staff/people/{person.pk}/").content.decode()
    client.force_login(UserFactory(permissions=["core.read_audit", "accounts.see_people"]))
    assert link in client.get(f"/staff/people/{person.pk}/").content.decode()
    assert client.get(link).status_code == 200


@pytest.mark.parametrize(("language", "label"), [("en", "Waiver granted"), ("fr", "Dispense accordée")])
def test_the_trail_says_what_was_done(client: Client, language: str, label: str) -> None:
    client.force_login(UserFactory(permissions=["core.read_audit"], language=language))
    _record("access.grant_waiver")
    page = markup(client.get("/staff/audit/"))
    assert f"<td> {label} <div" in page
    assert f'<option value="access.grant_waiver">{label}</option>' in page
    assert "<code>access.grant_waiver</code>" in page


@pytest.mark.parametrize(
    "query",
    [
        {"action": "no.such"},
        {"since": "yesterday"},
        {"since": "2026-02-01", "until": "2026-01-01"},
        {"until": "9999-12-31"},
        {"since": "0001-01-01"},
    ],
)
def test_a_filter_that_makes_no_sense_says_so_beside_the_field(client: Client, query: dict[str, str]) -> None:
    client.force_login(UserFactory(permissions=["core.read_audit"]))
    _record("access.award")
    page = client.get("/staff/audit/", query).content.decode()
    assert "aria-invalid" in page
    assert "<code>access.award</code>" not in page


def test_verifying_the_trail_writes_its_result_into_the_trail(client: Client) -> None:
    user = UserFactory(permissions=["core.read_audit"])
    client.force_login(user)
    _record("access.award")
    assert client.post("/staff/audit/verification/").status_code == 302
    client.post("/staff/audit/verification/")
    message = OutboxMessage.objects.get()  # one at a time
    assert "every 2s" in client.get("/staff/audit/verification/").content.decode()
    outbox.run(message.pk)
    entry = staff.last_verification()
    assert entry is not None
    assert (entry.details["holds"], entry.actor) == (True, audit.pseudonym(user))
    assert "every 2s" not in client.get("/staff/audit/verification/").content.decode()


def test_a_changed_entry_is_found() -> None:
    entry = _record("access.award")
    audit.chain()
    AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default")
    result = verify_audit(actor=None)
    assert not result.details["holds"]
    assert result.details["problem"]


def test_what_was_found_is_kept_in_one_language_and_read_in_the_readers(client: Client) -> None:
    entry = _record("access.award")
    audit.chain()
    AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default")
    with translation.override("fr"):
        result = verify_audit(actor=None)
    assert result.details["problem"] == "The trail ends at entry 0, but 1 were written."
    client.force_login(UserFactory(permissions=["core.read_audit"], language="fr"))
    assert "La piste finit à la trace 0" in client.get("/staff/audit/").content.decode()
    client.force_login(UserFactory(permissions=["core.read_audit"], language="en"))
    assert "The trail ends at entry 0" in client.get("/staff/audit/verification/").content.decode()


def test_attention_tells_each_what_they_manage() -> None:
    dead()
    WaiverFactory(expires_at=timezone.now() + timedelta(days=3))
    requirement = RequirementFactory(capability="chat.use")
    for capability in capabilities.all_capabilities():
        if capability.code != requirement.capability:
            RequirementFactory(capability=capability.code, training=requirement.training)
    tasks_only = UserFactory(permissions=["core.manage_tasks"])
    assert [item.url for item in attention_for(tasks_only)] == ["/staff/tasks/"]
    access_only = UserFactory(permissions=["access.manage_access"])
    titles = " ".join(item.title for item in attention_for(access_only))
    assert requirement.training.title in titles
    assert len(attention_for(access_only)) == 2
    assert attention_for(UserFactory()) == []
    people_only = UserFactory(permissions=["accounts.manage_people"])
    assert attention_for(people_only) == []
    RefusedSignIn.objects.create(identity="1", issuer="i", subject="s", email=people_only.email, holder=people_only, why="used")
    assert [item.url for item in attention_for(people_only)] == ["/staff/people/refused/"]


def test_a_provider_that_fails_and_a_missing_standard_model_are_told() -> None:
    user = UserFactory(permissions=["gateway.manage_models"])
    provider = Provider.objects.create(name="Plume", base_url="https://models.alcyon.example/v1")
    assert [item.level for item in attention_for(user)] == ["bad"]  # no standard model
    version = ModelVersion.objects.create(
        model=Model.objects.create(name="Plume"), provider=provider, label="1", upstream_name="plume-1"
    )
    Alias.objects.create(code=STANDARD_ALIAS, label="Almia", target=version)
    assert attention_for(user) == []
    _calls(version, Outcome.FAILED, 4)
    assert attention_for(user) == []  # a few failures are normal
    _calls(version, Outcome.FAILED, 1)
    assert "Plume" in attention_for(user)[0].title
    _calls(version, Outcome.COMPLETED, 6)
    assert attention_for(user) == []
    Provider.objects.update(trouble="The model file is missing.")
    assert attention_for(user)[0].text == "The model file is missing."
    Provider.objects.update(enabled=False)
    assert [item.icon for item in attention_for(user)] == ["bot"]


def _ending(days: int | None, **fields: Any) -> ModelVersion:
    ends = timezone.localdate() + timedelta(days=days) if days is not None else None
    version: ModelVersion = VersionFactory.create(released_on=None, retires_on=ends, **fields)
    return version


def test_versions_that_will_be_refused_soon_are_told(client: Client) -> None:
    user = UserFactory(permissions=["gateway.manage_models"])
    AliasFactory.create(code=STANDARD_ALIAS, label="Almia standard", target=_ending(None))
    _ending(31)
    _ending(0)  # refused already
    ModelVersion.objects.filter(pk=_ending(5).pk).update(status=VersionStatus.RETIRED)
    _ending(5, provider=ProviderFactory.create(enabled=False))
    assert attention_for(user) == []
    last, first = _ending(30, label="later"), _ending(1, label="sooner")
    AliasFactory.create(label="Almia fast", target=first)
    AliasFactory.create(label="Almia long", target=first)
    items = attention_for(user)
    assert [item.url for item in items] == [f"/staff/models/versions/{first.pk}/", f"/staff/models/versions/{last.pk}/"]
    assert [item.level for item in items] == ["warm", "warm"]
    assert items[0].title == f"“{first}” is refused in 1 day"
    assert "Almia fast, Almia long" in items[0].text
    assert items[1].title == f"“{last}” is refused in 30 days"
    client.force_login(UserFactory(permissions=["gateway.manage_models"], language="fr"))
    page = client.get("/staff/").content.decode()
    assert f'<a href="/staff/models/versions/{first.pk}/">«\u00a0{first}\u00a0» sera refusée dans 1 jour</a>' in page
    assert f"«\u00a0{last}\u00a0» sera refusée dans 30 jours" in page
    assert attention_for(UserFactory(permissions=["core.manage_tasks"])) == []


@pytest.mark.parametrize("count", [1, 3])
def test_telling_of_them_costs_the_same_with_one_and_three(django_assert_num_queries: Any, count: int) -> None:
    user = UserFactory(permissions=["gateway.manage_models"])
    for number in range(count):
        AliasFactory.create(target=_ending(3 + number))
    user.has_perm("gateway.manage_models")
    with django_assert_num_queries(5):  # calls, providers, the standard alias, versions, their aliases
        assert len(attention_for(user)) == count + 1


def test_a_standard_model_that_is_refused_by_now_is_told() -> None:
    user = UserFactory(permissions=["gateway.manage_models"])
    AliasFactory.create(code=STANDARD_ALIAS, target=_ending(0))
    assert [item.title for item in attention_for(user)] == ["No model answers by default"]


def _calls(version: ModelVersion, outcome: Outcome, count: int) -> None:
    for _ in range(count):
        UsageEntry.objects.create(
            id=uuid7(), version=version, purpose="chat", tokens_in=1, tokens_out=1, estimated=False, price_in=0, price_out=0,
            currency="EUR", cost=0, started_at=timezone.now(), outcome=outcome,
        )  # fmt: skip
