from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from django_htmx.middleware import HtmxDetails
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.access.gate import capability_required, live_gate
from apps.access.models import CharterSignature
from apps.access.services import sign_charter
from apps.accounts import panels
from apps.accounts.models import User
from apps.accounts.organisation import Organisation, forget
from apps.accounts.requests import SignedInRequest
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
from tests.pages import markup

from .conftest import CODE

pytestmark = pytest.mark.django_db

LOCKED = f"/access/locked/{CODE}/"


# The charter -----------------------------------------------------------------------------------------------------------
def test_without_a_charter_there_is_nothing_to_sign(browser: Client) -> None:
    assert "There is no charter to sign yet" in browser.get("/access/charter/").content.decode()
    assert browser.post("/access/charter/", {"version": "1", "read": "on"}).status_code == 302
    assert not CharterSignature.objects.exists()


def test_reading_signs_nothing_and_signing_is_kept(browser: Client, person: User) -> None:
    charter = CharterFactory(body_en="I read **what** the AI writes. <script>x</script>")
    page = browser.get("/access/charter/").content.decode()
    assert "<strong>what</strong>" in page
    assert "<script>x" not in page
    assert "Sign the charter" in page
    assert not CharterSignature.objects.exists()

    untouched = browser.post("/access/charter/", {"version": charter.version})
    assert untouched.status_code == 422
    assert "Tick the box to sign." in untouched.content.decode()

    shown = {"version": charter.version, "digest": digest_on(page)}
    browser.post("/access/charter/", {**shown, "read": "on", "user": str(UserFactory().pk)})
    signature = CharterSignature.objects.get()
    assert (signature.user, signature.charter, signature.language) == (person, charter, "en")
    page = browser.get("/access/charter/").content.decode()
    assert "This is the text as you signed it, on" in page
    assert 'name="read"' not in page


def digest_on(page: str) -> str:
    """Return what the page sends back about the text it showed."""
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found is not None
    return found[1]


def test_the_text_that_was_on_the_page_is_what_is_signed(browser: Client) -> None:
    charter = CharterFactory(body_en="At {{organisation}}, I ask {{ai_desk}}.")
    forget(in_favour_of=Organisation(name_en="Rives & *Sons*", name_fr="Rives"))
    page = browser.get("/access/charter/").content.decode()
    assert "At Rives &amp; *Sons*, I ask the AI desk." in page
    read = {"version": charter.version, "digest": digest_on(page), "read": "on"}

    forget(in_favour_of=Organisation(name_en="Hermine", name_fr="Hermine"))
    page = browser.post("/access/charter/", read, follow=True).content.decode()
    assert "The text of the charter has changed a little since you opened it." in page
    assert not CharterSignature.objects.exists()

    browser.post("/access/charter/", {**read, "digest": digest_on(page)})
    forget(in_favour_of=Organisation(name_en="Alcyon", name_fr="Alcyon"))
    signature = CharterSignature.objects.get()
    assert signature.text == "AI charter\n\nAt Hermine, I ask the AI desk."
    assert signature.digest == hashlib.sha256(signature.text.encode()).hexdigest()


def test_what_was_signed_stays_on_the_page_whatever_the_company_is_called_since(browser: Client, person: User) -> None:
    body = "At {{organisation}}: \\{{dpo}} {{nonsense}}\n\n{{contacts}}"
    charter = CharterFactory(title_en="Charter of {{organisation}}", body_en=body, body_fr="Chez X")
    forget(in_favour_of=Organisation(name_en="Rives & *{{dpo}}*", name_fr="Rives", dpo_email="dpo@rives.example"))
    sign_charter(user=person, version=charter.version, language="en")
    forget(in_favour_of=Organisation(name_en="Alcyon", name_fr="Alcyon", dpo_email="dpo@alcyon.example"))
    for language in ("en", "fr"):
        page = markup(browser.get("/access/charter/", headers={"accept-language": language}))
        assert '<h1 lang="en">Charter of Rives &amp; *{{dpo}}*</h1>' in page
        assert '<article class="prose" lang="en">' in page
        assert "At Rives &amp; *{{dpo}}*: {{dpo}} {{nonsense}}</p>" in page
        assert "dpo@rives.example" in page
        assert "alcyon.example" not in page


def test_a_version_replaced_while_it_was_read_is_not_signed(browser: Client) -> None:
    old = CharterFactory()
    CharterFactory(version=old.version + 1)
    page = browser.post("/access/charter/", {"version": old.version, "read": "on"}, follow=True).content.decode()
    assert "A new version of the charter has come into force" in page
    assert not CharterSignature.objects.exists()


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_nonsense_signs_nothing(browser: Client, version: str) -> None:
    CharterFactory()
    assert browser.post("/access/charter/", {"version": version, "read": "on"}).status_code in {302, 422}
    assert not CharterSignature.objects.exists()


# The locked page -------------------------------------------------------------------------------------------------------
@capability_required(CODE)
def secret(request: SignedInRequest) -> HttpResponse:
    return HttpResponse("The secret")


def ask(user: User, rf: RequestFactory, method: str = "get", **headers: str) -> HttpResponse:
    request: Any = getattr(rf, method)("/secret/?a=1&b=2", headers=headers)
    request.user = user
    request.htmx = HtmxDetails(request)
    request.session = {}
    return secret(request)


def test_it_says_why_and_leads_to_the_next_step(person: User, rf: RequestFactory) -> None:
    first = RequirementFactory(capability=CODE, training=TrainingFactory(title_en="Understanding AI", order=1)).training
    RequirementFactory(capability=CODE, training=None, charter=True)
    AwardFactory(
        user=person, training=first, awarded_at=timezone.now() - timedelta(days=9), expires_at=timezone.now() - timedelta(days=1)
    )
    response = ask(person, rf)
    page = response.content.decode()
    assert response.status_code == 403
    assert "The secret" not in page
    assert "Not open yet: Testing" in page
    assert "Expired" in page
    assert f'href="/learn/{first.code}/"' in page
    assert f'hx-get="{LOCKED}?next={quote("/secret/?a=1&b=2", safe="/")}"' in page
    assert 'hx-trigger="almia:access-changed from:document"' in page


def test_a_form_sent_too_late_leads_home_once_it_is_open(person: User, rf: RequestFactory) -> None:
    assert f'hx-get="{LOCKED}?next=/"' in ask(person, rf, "post").content.decode()


def test_who_has_it_passes(rf: RequestFactory) -> None:
    assert ask(entitled_user(CODE), rf).content == b"The secret"


def test_a_fragment_gets_no_whole_page(person: User, rf: RequestFactory) -> None:
    response = ask(person, rf, **{"hx-request": "true"})
    assert response.status_code == 403
    assert b"<html" not in response.content


def test_nothing_set_and_an_account_closed_are_said(browser: Client) -> None:
    assert "no training has been set for it" in browser.get(LOCKED).content.decode()


def test_it_opens_by_itself(browser: Client, person: User) -> None:
    requirement = RequirementFactory(capability=CODE)
    headers = {"hx-request": "true"}
    still = browser.get(LOCKED, {"next": "/chat/?q=1"}, headers=headers)
    assert still.status_code == 200
    assert b"<html" not in still.content
    assert "next=/chat/%3Fq%3D1" in still.content.decode()
    AwardFactory(user=person, training=requirement.training)
    opened = browser.get(LOCKED, {"next": "/chat/?q=1"}, headers=headers)
    assert opened.headers["HX-Redirect"] == "/chat/?q=1"
    assert browser.get(LOCKED, {"next": "/chat/"}).headers["Location"] == "/chat/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_it_leads_to_our_own_pages_only(target: str) -> None:
    client = Client()
    client.force_login(entitled_user(CODE))
    assert client.get(LOCKED, {"next": target}, headers={"hx-request": "true"}).headers["HX-Redirect"] == "/"


def test_a_capability_nobody_declared_does_not_exist(browser: Client) -> None:
    assert browser.get("/access/locked/misspelt.use/").status_code == 404
    assert browser.post(LOCKED).status_code == 405


def test_the_socket_gets_the_same_reason(person: User) -> None:
    requirement = RequirementFactory(capability=CODE, training=TrainingFactory(title_en="Asking well"))
    with translation.override("en"):
        refusal = live_gate(person, CODE)
    assert refusal is not None
    assert refusal.code == "locked"
    assert "Asking well" in str(refusal)
    [missing] = refusal.details["missing"]
    assert (missing["state"], missing["url"]) == ("missing", f"/learn/{requirement.training_id}/")
    assert live_gate(entitled_user(CODE), CODE) is None


# My proofs -------------------------------------------------------------------------------------------------------------
def test_my_account_shows_what_i_proved_and_nobody_elses(browser: Client, person: User) -> None:
    AwardFactory(user=person, training=TrainingFactory(title_en="Asking well"))
    AwardFactory(training=TrainingFactory(title_en="Somebody else's"))
    AwardFactory(
        user=person,
        training=TrainingFactory(title_en="Old one"),
        revoked_at=timezone.now(),
        revoked_by=UserFactory(),
        revoke_reason="Copied",
    )
    page = browser.get("/account/").content.decode()
    assert "Asking well" in page
    assert "Somebody else" not in page
    assert "withdrawn: Copied" in page


def test_certificates_are_linked_where_something_offers_them(
    browser: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.access import capabilities

    capabilities.offer_certificates(lambda awards: {award.pk: f"/certificates/{award.training_id}/" for award in awards})
    AwardFactory(user=person, training=TrainingFactory(code="kept"))
    AwardFactory(user=person, training=TrainingFactory(code="taken"), revoked_at=timezone.now())
    page = browser.get("/account/").content.decode()
    assert re.findall(r"/certificates/(\w+)/", page) == ["kept"]


def test_my_proofs_ask_the_same_for_one_and_for_many(
    browser: Client, person: User, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "_panels", [panel for panel in panels._panels if panel.template.startswith("access/")])

    def fill(count: int) -> None:
        for _turn in range(count):
            AwardFactory(user=person)
            SignatureFactory(user=person)
            WaiverFactory(user=person)

    fill(1)
    browser.get("/account/")
    with django_assert_num_queries(12):
        browser.get("/account/")
    fill(2)
    with django_assert_num_queries(12):
        page = browser.get("/account/").content.decode()
    assert page.count("Waiver:") == 3


def test_the_locked_page_asks_the_same_however_much_is_asked_for(
    browser: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    RequirementFactory(capability=CODE)
    browser.get(LOCKED)
    with django_assert_num_queries(4):
        browser.get(LOCKED, headers={"hx-request": "true"})
    for _turn in range(3):
        RequirementFactory(capability=CODE)
    with django_assert_num_queries(4):
        browser.get(LOCKED, headers={"hx-request": "true"})
