from __future__ import annotations

import smtplib
import socket
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts import setting_up
from apps.accounts.enums import Role
from apps.accounts.mail import queue
from apps.accounts.models import Organisation, User
from apps.accounts.organisation import current
from apps.accounts.roles import sync_roles
from apps.accounts.services import LetterNotSent, close_entry, send_test
from apps.core import outbox
from apps.core.enums import MessageState, Readiness
from apps.core.models import AuditEntry, Heartbeat, OutboxMessage
from tests.factories.accounts import DepartmentFactory, EntityFactory, JobRoleFactory, UserFactory

pytestmark = pytest.mark.django_db
TEST = "/staff/mail/test/"


def refuse(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(letter: Any) -> int:
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)


def test_the_organisation_is_named_or_not() -> None:
    # What another process has just saved counts at once, whatever this one still remembers.
    assert not current().name_en
    assert setting_up.organisation().state is Readiness.TODO
    company = Organisation.objects.create(name_en="Alcyon")
    assert setting_up.organisation().state is Readiness.DONE
    assert "Nobody is named to write to yet" in setting_up.organisation().sentence
    company.ai_desk_email = "desk@alcyon.example"
    company.save()
    assert setting_up.organisation().sentence == "Almia says “Alcyon”; people write to desk@alcyon.example."


def test_the_directory_needs_entities_departments_and_jobs() -> None:
    EntityFactory()
    DepartmentFactory()
    assert setting_up.directory().state is Readiness.TODO
    JobRoleFactory()
    assert setting_up.directory().state is Readiness.DONE
    assert setting_up.directory().sentence == "Entities: 1, departments: 1, sites: 0, jobs: 1."


def test_what_is_closed_is_no_place_to_put_people_in() -> None:
    DepartmentFactory()
    JobRoleFactory()
    close_entry(entry=EntityFactory(), reason="Sold", actor=UserFactory())
    assert setting_up.directory().state is Readiness.TODO
    assert setting_up.directory().sentence == "Entities: 0, departments: 1, sites: 0, jobs: 1."


def test_sign_in_is_what_the_environment_says(settings: Any) -> None:
    settings.OIDC_APPS = []
    assert setting_up.sign_in().state is Readiness.TODO
    settings.OIDC_APPS = [{"name": "Alcyon ID"}]
    assert setting_up.sign_in().state is Readiness.DONE
    assert "Alcyon ID" in setting_up.sign_in().sentence


def test_administrators_alone_are_not_yet_people() -> None:
    sync_roles()
    administrator = UserFactory()
    administrator.groups.set(administrator.groups.model.objects.filter(name=Role.ADMINISTRATOR))
    UserFactory(is_active=False)
    assert setting_up.people().state is Readiness.TODO
    UserFactory()
    assert setting_up.people().sentence == "1 colleague besides the administrators."


def test_mail_is_done_when_a_letter_has_left(settings: Any) -> None:
    assert setting_up.mail().state is Readiness.TODO
    Heartbeat.note("mail")
    assert setting_up.mail().state is Readiness.DONE
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert setting_up.mail().state is Readiness.TODO
    assert "reach nobody" in setting_up.mail().sentence
    assert setting_up.mail().trial is None  # it would say that an e-mail was sent


def test_mail_fails_while_letters_have_given_up() -> None:
    Heartbeat.note("mail")
    OutboxMessage.objects.create(task="core.something", state=MessageState.DEAD)
    assert setting_up.mail().state is Readiness.DONE
    OutboxMessage.objects.create(task="accounts.send_letter", state=MessageState.DEAD)
    assert setting_up.mail().state is Readiness.FAILING
    assert "1 e-mail could not be sent: see" in setting_up.mail().sentence


def test_a_letter_of_the_outbox_notes_that_it_left() -> None:
    queue(to=["somebody@alcyon.example"], subject="Subject", body="Body")
    message = OutboxMessage.objects.get()
    assert not Heartbeat.objects.filter(part="mail").exists()
    outbox.run(message.pk)
    assert len(mail.outbox) == 1
    assert Heartbeat.objects.filter(part="mail").exists()


def test_the_test_letter_goes_to_whoever_asks_and_is_written_down(client: Client) -> None:
    user = UserFactory(permissions=["core.set_up"], language="en")
    client.force_login(user)
    assert client.get(TEST).status_code == 405
    page = client.post(TEST, follow=True).content.decode()
    assert [letter.to for letter in mail.outbox] == [[user.email]]
    assert f"The e-mail has been sent to {user.email}." in page
    assert not OutboxMessage.objects.exists()
    assert Heartbeat.objects.filter(part="mail").exists()
    assert AuditEntry.objects.get(action="accounts.test_mail").details == {"sent": True}


def test_nobody_else_sends_one(client: Client) -> None:
    client.force_login(UserFactory(permissions=["accounts.manage_people"]))
    assert client.post(TEST).status_code == 403
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConnectionRefusedError(111, "refused"), "does not answer"),
        (TimeoutError(), "does not answer"),
        (smtplib.SMTPServerDisconnected("gone"), "does not answer"),
        (socket.gaierror(-2, "unknown"), "its name is not known"),
        (smtplib.SMTPAuthenticationError(535, b"no"), "refuses Almia’s name and password"),
        (smtplib.SMTPRecipientsRefused({}), "refuses the address"),
        (smtplib.SMTPSenderRefused(550, b"no", "almia@x.example"), "does not let Almia write as almia@x.example"),
        (smtplib.SMTPDataError(554, b"Too many"), "answers: 554 Too many"),
        (OSError("certificate"), "could not be sent: certificate"),
    ],
)
def test_what_the_mail_server_says_is_told_in_a_sentence(
    client: Client, error: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user: User = UserFactory(permissions=["core.set_up"], language="en")
    refuse(error, monkeypatch)
    with pytest.raises(LetterNotSent, match=sentence):
        send_test(actor=user)
    assert AuditEntry.objects.get(action="accounts.test_mail").details == {"sent": False}
    assert not Heartbeat.objects.filter(part="mail").exists()


def test_the_page_tells_why_no_letter_left(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(UserFactory(permissions=["core.set_up"], language="en"))
    refuse(TimeoutError(), monkeypatch)
    assert "does not answer." in client.post(TEST, follow=True).content.decode()
