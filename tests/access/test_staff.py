from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.access.models import Award, Requirement, Waiver
from apps.access.queries import has_capability
from apps.accounts import panels
from apps.accounts.models import User
from tests.factories.access import (
    AwardFactory,
    CharterFactory,
    RequirementFactory,
    SignatureFactory,
    TrainingFactory,
    WaiverFactory,
    entitled_user,
)
from tests.factories.accounts import UserFactory

from .conftest import CODE

pytestmark = pytest.mark.django_db

ROOT = "/staff/access/"
PEOPLE = "/staff/people/"
NEXT_YEAR = (timezone.localdate() + timedelta(days=365)).isoformat()


def pages() -> list[str]:
    requirement, award, waiver, charter = RequirementFactory(capability=CODE), AwardFactory(), WaiverFactory(), CharterFactory()
    return [
        ROOT,
        f"{ROOT}waivers/",
        f"{ROOT}charter/",
        f"{ROOT}charter/{charter.version}/",
        f"{ROOT}rights/{CODE}/ask/",
        f"{ROOT}rights/{CODE}/ask/?what=charter&min_major=1",
        f"{ROOT}rights/{CODE}/{requirement.pk}/remove/",
        f"{PEOPLE}{award.user_id}/award/",
        f"{PEOPLE}{award.user_id}/waive/",
        f"{PEOPLE}awards/{award.pk}/withdraw/",
        f"{ROOT}waivers/{waiver.pk}/end/",
    ]


def missing() -> list[str]:
    other = RequirementFactory(capability="other.use")
    return [
        f"{ROOT}charter/999/",
        f"{ROOT}rights/misspelt.use/ask/",
        f"{ROOT}rights/{CODE}/{other.pk}/remove/",
        f"{ROOT}rights/{CODE}/999999/remove/",
        f"{PEOPLE}{uuid.uuid4()}/award/",
        f"{PEOPLE}{uuid.uuid4()}/waive/",
        f"{PEOPLE}awards/{uuid.uuid4()}/withdraw/",
        f"{ROOT}waivers/{uuid.uuid4()}/end/",
    ]


def test_without_the_right_there_is_no_page_and_no_telling_what_exists(browser: Client) -> None:
    for path in pages() + missing():
        assert browser.get(path).status_code == 403, path
        assert browser.post(path, {"reason": "x", "what": "charter", "min_major": 1}).status_code in {403, 405}, path
    assert Requirement.objects.filter(capability=CODE).count() == 1
    assert not Award.objects.filter(revoked_at__isnull=False).exists()
    assert not Waiver.objects.filter(withdrawn_at__isnull=False).exists()


def test_looking_people_up_is_not_managing_access() -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory(permissions=["accounts.see_people"]))
    award = AwardFactory()
    page = client.get(f"/staff/people/{award.user_id}/").content.decode()
    assert award.training.title_en in page
    assert "Enter a proof" not in page
    assert "/withdraw/" not in page
    assert client.get(f"{PEOPLE}{award.user_id}/award/").status_code == 403


def test_with_the_right_every_page_is_there_and_looking_changes_nothing(staff: Client) -> None:
    before = (Requirement.objects.count(), Award.objects.count(), Waiver.objects.count())
    for path in pages():
        assert staff.get(path).status_code == 200, path
    assert (Requirement.objects.count() - 1, Award.objects.count() - 1, Waiver.objects.count() - 1) == before
    for path in missing():
        assert staff.get(path).status_code == 404, path


# Requirements ----------------------------------------------------------------------------------------------------------
def test_one_sees_whom_it_concerns_before_anything_happens(staff: Client) -> None:
    users = [entitled_user(CODE)]
    users.append(entitled_user(CODE))
    training = TrainingFactory(title_en="Asking well", current_major=2)
    AwardFactory(user=users[0], training=training, major=2)
    path = f"{ROOT}rights/{CODE}/ask/"
    page = staff.get(path, {"what": training.code, "min_major": "2"}).content.decode()
    assert "1 person loses this right at once" in page
    assert all(has_capability(user, CODE) for user in users)
    staff.post(path, {"what": training.code, "min_major": "2"})
    assert [has_capability(user, CODE) for user in users] == [True, False]


@pytest.mark.parametrize(
    "data", [{"what": "no-such", "min_major": "1"}, {"what": "charter", "min_major": "0"}, {"min_major": "x"}, {}]
)
def test_nonsense_asks_for_nothing(staff: Client, data: dict[str, str]) -> None:
    assert staff.post(f"{ROOT}rights/{CODE}/ask/", {**data, "csrf": "x"}).status_code == 422
    assert not Requirement.objects.exists()


def test_a_version_that_does_not_exist_cannot_be_asked_for(staff: Client) -> None:
    training = TrainingFactory(current_major=1)
    page = staff.get(f"{ROOT}rights/{CODE}/ask/", {"what": training.code, "min_major": "2"}).content.decode()
    assert "There is no such version yet" in page


def test_asking_for_less_says_when_it_closes_everything(staff: Client) -> None:
    user = entitled_user(CODE)
    requirement = Requirement.objects.get(capability=CODE)
    path = f"{ROOT}rights/{CODE}/{requirement.pk}/remove/"
    assert "closed to everybody" in staff.get(path).content.decode()
    assert Requirement.objects.exists()
    staff.post(path)
    assert not Requirement.objects.exists()
    assert not has_capability(user, CODE)
    assert "this right is closed to everybody" in staff.get(ROOT).content.decode()
    assert staff.post(path).status_code == 404


def test_the_present_version_is_one_click_away(staff: Client) -> None:
    training = TrainingFactory(current_major=3)
    RequirementFactory(capability=CODE, training=training, min_major=1)
    page = staff.get(ROOT).content.decode()
    assert f"?what={training.code}&amp;min_major=3" in page


# Proofs ----------------------------------------------------------------------------------------------------------------
def test_entering_a_proof(staff: Client, person: User) -> None:
    training = TrainingFactory(current_major=2)
    path = f"{PEOPLE}{person.pk}/award/"
    response = staff.post(path, {"training": training.code, "evidence": "List 4711", "until": NEXT_YEAR, "source": "course"})
    assert response.headers["Location"] == f"/staff/people/{person.pk}/"
    award = Award.objects.get()
    assert (award.user, award.major, award.source) == (person, 2, "manual")
    assert award.expires_at is not None
    assert timezone.localtime(award.expires_at).date().isoformat() == NEXT_YEAR
    assert timezone.localtime(award.expires_at).hour == 23, "It counts on its last day"


@pytest.mark.parametrize(
    "changes", [{"evidence": ""}, {"until": "2020-01-01"}, {"until": "soon"}, {"major": "9"}, {"training": "no-such"}]
)
def test_a_bad_proof_is_told_and_nothing_is_lost(staff: Client, person: User, changes: dict[str, str]) -> None:
    training = TrainingFactory()
    data = {"training": training.code, "evidence": "List 4711", "until": NEXT_YEAR} | changes
    response = staff.post(f"{PEOPLE}{person.pk}/award/", data)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    if data["evidence"]:
        assert 'value="List 4711"' in response.content.decode()
    assert not Award.objects.exists()


def test_nobody_serves_themselves(staff: Client, manager: User) -> None:
    training = TrainingFactory()
    page = staff.get(f"/staff/people/{manager.pk}/").content.decode()
    assert "Enter a proof" not in page
    refused = staff.post(f"{PEOPLE}{manager.pk}/award/", {"training": training.code, "evidence": "Me"})
    assert "Nobody can enter a proof for themselves" in refused.content.decode()
    refused = staff.post(f"{PEOPLE}{manager.pk}/waive/", {"training": training.code, "reason": "Me", "until": NEXT_YEAR})
    assert "Nobody can grant themselves a waiver" in refused.content.decode()
    assert not Award.objects.exists()
    assert not Waiver.objects.exists()


def test_waiving_and_ending_it(staff: Client, person: User, manager: User) -> None:
    requirement = RequirementFactory(capability=CODE)
    data = {"training": requirement.training_id, "reason": "Taught it herself", "until": NEXT_YEAR, "granted_by": str(person.pk)}
    staff.post(f"{PEOPLE}{person.pk}/waive/", data)
    waiver = Waiver.objects.get()
    assert waiver.granted_by == manager
    assert has_capability(person, CODE)
    assert "Taught it herself" in staff.get(f"{ROOT}waivers/").content.decode()
    assert staff.post(f"{ROOT}waivers/{waiver.pk}/end/", {"reason": ""}).status_code == 422
    assert has_capability(person, CODE)
    staff.post(f"{ROOT}waivers/{waiver.pk}/end/", {"reason": "Moved on"})
    assert not has_capability(person, CODE)
    assert "No waiver runs" in staff.get(f"{ROOT}waivers/").content.decode()


def test_withdrawing_a_proof(staff: Client, person: User) -> None:
    award = AwardFactory(user=person)
    assert staff.post(f"{PEOPLE}awards/{award.pk}/withdraw/", {"reason": " "}).status_code == 422
    staff.post(f"{PEOPLE}awards/{award.pk}/withdraw/", {"reason": "Copied"})
    award.refresh_from_db()
    assert award.revoke_reason == "Copied"
    page = staff.get(f"/staff/people/{person.pk}/").content.decode()
    assert "Copied" in page
    assert f"/awards/{award.pk}/withdraw/" not in page


# Counts ----------------------------------------------------------------------------------------------------------------
def test_lists_ask_the_same_for_one_and_for_many(staff: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    def fill(count: int) -> None:
        for _turn in range(count):
            RequirementFactory(capability=CODE)
            WaiverFactory()
            SignatureFactory()

    expected = {ROOT: 5, f"{ROOT}waivers/": 6, f"{ROOT}charter/": 6}
    fill(1)
    for path in expected:
        staff.get(path)
    for more in (0, 2):
        fill(more)
        for path, count in expected.items():
            with django_assert_num_queries(count):
                staff.get(path)


def test_a_persons_proofs_ask_the_same_for_one_and_for_many(
    staff: Client, person: User, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "_panels", [panel for panel in panels._panels if panel.template.startswith("access/")])
    path = f"/staff/people/{person.pk}/"

    def fill(count: int) -> None:
        for _turn in range(count):
            AwardFactory(user=person)
            WaiverFactory(user=person)
            SignatureFactory(user=person)
            AwardFactory(user=person, revoked_at=timezone.now(), revoked_by=UserFactory(), revoke_reason="x")

    fill(1)
    staff.get(path)
    for more in (0, 2):
        fill(more)
        with django_assert_num_queries(10):
            staff.get(path)
