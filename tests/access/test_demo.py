from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.access.models import Award, CharterSignature, Training
from apps.access.queries import has_capability
from apps.access.services import revoke_award
from apps.accounts.demo import accounts_file, demo_accounts, demo_user, load_world
from apps.accounts.models import Department, Entity, JobRole, RefusedSignIn, Site, User
from apps.accounts.services import give_address_away
from apps.chat.models import Conversation
from apps.core import audit
from tests.factories.access import AwardFactory, CharterFactory, RequirementFactory, SignatureFactory, TrainingFactory
from tests.factories.accounts import UserFactory

from .conftest import CODE

pytestmark = pytest.mark.django_db

SIGN_IN = "/account/demo/"


@pytest.fixture
def tryout(settings: Any, tmp_path: Path) -> None:
    settings.TRYOUT, settings.HOME = True, tmp_path


@pytest.fixture
def world(tryout: None) -> None:
    RequirementFactory(capability=CODE, training=TrainingFactory(current_major=2), min_major=2)
    RequirementFactory(capability=CODE, training=None, charter=True)
    CharterFactory()
    call_command("load_demo", verbosity=0)


def figures() -> list[int]:
    return [model.objects.count() for model in (User, Entity, Department, Site, JobRole, Award, CharterSignature)]


# Only in the try-out ---------------------------------------------------------------------------------------------------
def test_anywhere_else_there_is_no_demo_world(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    with pytest.raises(CommandError, match="try-out"):
        call_command("load_demo")
    with pytest.raises(RuntimeError):
        load_world()
    assert not User.objects.exists()
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("world")
def test_anywhere_else_nobody_signs_in_with_one_click_even_if_the_world_is_there(settings: Any) -> None:
    settings.TRYOUT = False
    client = Client(headers={"accept-language": "en"})
    for account in ("administrator", "newcomer", "", "nobody"):
        assert client.post(SIGN_IN, {"account": account}).status_code == 404
    page = client.get("/accounts/login/").content.decode()
    assert "Try it out" not in page
    assert SIGN_IN not in page
    assert "_auth_user_id" not in client.session
    assert demo_accounts() == []
    assert demo_user("administrator") is None


@pytest.mark.usefixtures("world")
def test_one_click_takes_a_post_with_its_token() -> None:
    assert Client().get(SIGN_IN).status_code == 405
    assert Client(enforce_csrf_checks=True).post(SIGN_IN, {"account": "administrator"}).status_code == 403
    assert Client().post(SIGN_IN, {"account": User.objects.latest("pk").email}).status_code == 404


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("key", ["newcomer", "trained", "champion", "trainer", "administrator"])
def test_one_click_signs_in(key: str) -> None:
    client = Client(headers={"accept-language": "en"})
    assert f'value="{key}"' in client.get("/accounts/login/").content.decode()
    response = client.post(SIGN_IN, {"account": key, "next": "/account/"})
    assert response.headers["Location"] == "/account/"
    user = demo_user(key)
    assert user is not None
    assert user.email in client.get("/account/").content.decode()
    assert has_capability(user, CODE) == (key != "newcomer")
    role = user.groups.first()
    assert (role.name if role else "") == {"newcomer": "", "trained": ""}.get(key, key)


@pytest.mark.usefixtures("world")
def test_the_kept_passwords_open_the_accounts() -> None:
    assert stat.S_IMODE(accounts_file().stat().st_mode) == 0o600
    accounts = json.loads(accounts_file().read_text())
    assert len({account["password"] for account in accounts}) == 5
    for account in accounts:
        assert account["email"].endswith("@alcyon.example")
        user = User.objects.get(email=account["email"])
        assert user.check_password(account["password"])
        response = Client().post("/accounts/login/", {"login": account["email"], "password": account["password"]})
        assert response.status_code == 302


# The world -------------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("world")
def test_it_is_a_company() -> None:
    people, entities, departments, sites, jobs, _awards, _signatures = figures()
    assert people >= 65
    assert (entities, departments, sites, jobs) == (8, 12, 6, 15)
    assert Entity.objects.filter(parent=None).count() == 1
    assert not User.objects.filter(entity=None).exists()
    assert len(set(User.objects.values_list("first_name", "last_name"))) == people
    assert audit.verify() is None


@pytest.mark.usefixtures("world")
def test_staff_find_somebody_to_decide_about_once() -> None:
    new_subject, recycled = RefusedSignIn.objects.select_related("holder")
    assert new_subject.holder.is_active
    assert (recycled.why, recycled.holder.is_active) == ("closed", False)
    give_address_away(refused_id=recycled.pk, actor=UserFactory(is_superuser=True), reason="Left")
    new_subject.delete()
    call_command("load_demo", verbosity=0)
    assert not RefusedSignIn.objects.exists()


@pytest.mark.usefixtures("world")
def test_loading_again_changes_nothing_that_people_changed() -> None:
    before, passwords = figures(), accounts_file().read_text()
    trained = demo_user("trained")
    assert trained is not None
    User.objects.filter(pk=trained.pk).update(first_name="Nadège")
    revoke_award(award=Award.objects.get(user=trained), actor=User.objects.exclude(pk=trained.pk).latest("pk"), reason="Test")
    call_command("load_demo", verbosity=0)
    assert figures() == before
    assert accounts_file().read_text() == passwords
    assert User.objects.get(pk=trained.pk).first_name == "Nadège"
    assert not has_capability(trained, CODE), "What was revoked stays revoked"


@pytest.mark.usefixtures("world")
def test_a_lost_file_is_drawn_anew_with_passwords_that_work() -> None:
    accounts_file().unlink()
    load_world()
    account = demo_accounts()[0]
    assert User.objects.get(email=account.email).check_password(account.password)


@pytest.mark.usefixtures("tryout")
def test_it_loads_before_any_training_is_there_and_quickly() -> None:
    started = time.monotonic()
    call_command("load_demo", verbosity=0)
    assert time.monotonic() - started < 3
    assert not Award.objects.exists()


@pytest.mark.usefixtures("world")
def test_newer_editions_give_nobody_a_proof_they_did_not_earn() -> None:
    newcomer = demo_user("newcomer")
    assert newcomer is not None
    for training in Training.objects.all():
        AwardFactory(user=newcomer, training=training)
    stranger = UserFactory()
    SignatureFactory(user=stranger)
    before, talks = figures(), Conversation.objects.count()
    Training.objects.update(current_major=3)
    CharterFactory()
    call_command("load_demo", verbosity=0)
    assert figures() == before, "No award of the new edition, no signature of the new charter, none for who signs in themselves."
    assert Conversation.objects.count() == talks
