from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.accounts.enums import Role
from apps.accounts.models import Organisation, User
from apps.accounts.organisation import current, filled, forget, support_email, values_in, with_values
from apps.accounts.roles import sync_roles
from apps.accounts.services import ChangedMeanwhile, change_organisation
from apps.core.markdown import render_article
from apps.core.models import AuditEntry
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/staff/organisation/"
QUERIES = 5
FIELDS = [field.name for field in Organisation._meta.fields]
FORM: dict[str, Any] = {
    **dict.fromkeys(
        [field.name for field in Organisation._meta.fields if field.name not in {"id", "changed_at", "revision"}], ""
    ),
    "seen": 0,
    "name_fr": "la Mutuelle des Rives",
    "name_en": "Rives Mutual",
    "elision": "letter",
    "tools-TOTAL_FORMS": 2,
    "tools-INITIAL_FORMS": 0,
    "tools-0-name": "Tradelis",
    "tools-0-classes": ["internal", "public"],
    "tools-0-note_fr": "Traducteur",
    "tools-0-note_en": "",
}


@pytest.fixture
def administrator() -> User:
    user: User = UserFactory(permissions=["accounts.manage_organisation"])
    return user


@pytest.fixture
def staff(administrator: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(administrator)
    return client


def call_it(**fields: Any) -> None:
    forget(in_favour_of=Organisation(**fields))


# What texts say --------------------------------------------------------------------------------------------------------
def test_a_text_says_the_name_in_the_language_in_force() -> None:
    call_it(name_fr="Alcyon", name_en="Alcyon Group")
    with translation.override("fr"):
        assert filled("{{Organisation}} le dit : rien {{de organisation}}, rien {{que organisation}}") == (
            "Alcyon le dit : rien d’Alcyon, rien qu’Alcyon"
        )
    with translation.override("en"):
        assert filled("{{organisation’s}}, {{organisation's}} {{label ai_desk}}") == "Alcyon Group’s, Alcyon Group’s AI desk"


def test_until_staff_said_something_it_is_our_company() -> None:
    with translation.override("fr"):
        assert filled("{{Dans organisation}}, une note {{de organisation}}, un tort {{à organisation}}") == (
            "Dans notre entreprise, une note de notre entreprise, un tort à notre entreprise"
        )
    with translation.override("en"):
        assert filled("{{Organisation}}, {{short_name}}: {{product_health}} policy") == "Our company, our company: Health policy"


def test_a_half_filled_page_says_what_it_knows() -> None:
    call_it(name_fr="Alcyon", product_health_en="Horizon")
    with translation.override("en"):
        assert filled("{{organisation}}, {{short_name}}, {{product_health}}, {{dpo}}") == "Alcyon, Alcyon, Horizon, the DPO"


@pytest.mark.parametrize("text", ["{{unknown}}", "{{que organisation}}", "{{approved_tools}}", "{{", "{a}", "{{}}", "}}"])
def test_what_is_no_variable_stays_as_it_is_written(text: str) -> None:
    with translation.override("en"):
        assert filled(text) == text


def test_a_backslash_shows_the_braces_and_nothing_is_replaced_twice() -> None:
    call_it(name_fr="{{dpo}}", name_en="{{dpo}}")
    with translation.override("en"):
        assert filled("\\{{organisation}} {{organisation}}") == "{{organisation}} {{dpo}}"


def test_values_rebuild_what_was_shown() -> None:
    call_it(name_fr="Alcyon", name_en="Alcyon")
    text = "At {{organisation}}: \\{{dpo}} {{unknown}}"
    with translation.override("en"):
        values = values_in(text)
        call_it(name_en="Other")
        assert values == {"organisation": "Alcyon"}
        assert with_values(text, values) == "At Alcyon: {{dpo}} {{unknown}}"


# Articles --------------------------------------------------------------------------------------------------------------
def test_a_name_is_literal_in_an_article() -> None:
    call_it(name_fr="x", name_en="*H&L* <b> | [x](y)")
    with translation.override("en"):
        html = render_article(
            "**{{organisation}}** at `{{organisation}}`\n\n| a |\n|---|\n| {{organisation}} |\n\n\\{{organisation}}"
        )
    assert html.count("*H&amp;L* &lt;b&gt; | [x](y)") == 2
    assert "<code" in html
    assert html.count("{{organisation}}") == 2  # in code, and behind a backslash


def test_a_link_leads_somewhere_once_there_is_an_address() -> None:
    with translation.override("en"):
        assert "Look at the intranet." in render_article("Look at {{intranet}}.")
        call_it(intranet_url="https://intranet.rives.example/?a=1&b=2")
        html = render_article("Look at {{intranet}}.")
        assert '<a href="https://intranet.rives.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">the intranet</a>' in html
        assert filled("Look at {{intranet}}.") == "Look at the intranet."


def test_blocks_show_nothing_until_there_is_something_to_show() -> None:
    with translation.override("en"):
        assert render_article("Before\n{{approved_tools}}\n\n{{contacts}}").strip() == '<p dir="auto">Before</p>'
        tool = {"name": "A|<b>", "classes": ["public", "secret"], "note_fr": "Vite", "note_en": ""}
        call_it(approved_tools=[tool], dpo_email="dpo@rives.example", ai_desk_url="https://rives.example/ia/")
        html = render_article("Before\n{{approved_tools}}\n\n- {{contacts}}")
    assert re.search(r"<td[^>]*><strong>A\|&lt;b&gt;</strong></td><td[^>]*>Public, Secret</td><td[^>]*>Vite</td>", html)
    assert '<strong>DPO</strong>: <a href="mailto:dpo@rives.example"' in html
    assert ">rives.example/ia</a>" in html
    assert "Security" not in html


# What this process knows -----------------------------------------------------------------------------------------------
def test_it_is_read_once_for_many_texts(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    forget()
    with django_assert_num_queries(1):
        for _again in range(3):
            filled("{{organisation}} {{dpo}}")
    with django_assert_num_queries(0):
        filled("no variable")


def test_another_process_sees_a_change_within_seconds(settings: Any) -> None:
    current()
    Organisation.objects.create(name_fr="Alcyon")
    assert current().name_fr == ""
    settings.ORGANISATION_SECONDS = 0
    assert current().name_fr == "Alcyon"


def test_whom_to_write_to(settings: Any) -> None:
    settings.SUPPORT_EMAIL = "help@rives.example"
    assert support_email() == "help@rives.example"
    call_it(ai_desk_email="ai@rives.example")
    assert support_email() == "ai@rives.example"


# Changing it -----------------------------------------------------------------------------------------------------------
def test_a_change_is_one_entry_and_counts_after_commit(
    administrator: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change_organisation(values={"name_fr": "Alcyon", "dpo_email": ""}, seen=0, actor=administrator)
        assert current().name_fr == ""
    assert current().name_fr == "Alcyon"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.details) == ("accounts.change_organisation", {"changed": ["name_fr"]})


def test_nothing_changed_is_nothing_written(administrator: User) -> None:
    change_organisation(values={"name_fr": "Alcyon"}, seen=0, actor=administrator)
    change_organisation(values={"name_fr": "Alcyon"}, seen=1, actor=administrator)
    assert (AuditEntry.objects.count(), Organisation.objects.get().revision) == (1, 1)


def test_two_who_change_it_at_once_do_not_overwrite_each_other(administrator: User) -> None:
    change_organisation(values={"name_fr": "Alcyon"}, seen=0, actor=administrator)
    with pytest.raises(ChangedMeanwhile) as caught:
        change_organisation(values={"name_fr": "Rives"}, seen=0, actor=administrator)
    assert caught.value.stored.name_fr == "Alcyon"
    assert Organisation.objects.get().name_fr == "Alcyon"


# The page --------------------------------------------------------------------------------------------------------------
def test_the_page_keeps_everything(staff: Client) -> None:
    assert "Nobody has filled in this page yet" in staff.get(PAGE).content.decode()
    given = {**FORM, "ai_desk_url": "https://rives.example/ia", "dpo_email": "dpo@rives.example", "name_en": " Rives   Mutual "}
    assert staff.post(PAGE, given).status_code == 302
    stored = Organisation.objects.get()
    assert (stored.name_fr, stored.name_en, stored.dpo_email) == ("la Mutuelle des Rives", "Rives Mutual", "dpo@rives.example")
    assert stored.approved_tools == [
        {"name": "Tradelis", "classes": ["public", "internal"], "note_fr": "Traducteur", "note_en": ""}
    ]
    page = staff.get(PAGE).content.decode()
    assert "de la Mutuelle des Rives" in page
    assert "Rives Mutual’s" in page
    assert "Nobody has filled in" not in page


def test_a_tool_is_taken_off_the_list(staff: Client) -> None:
    staff.post(PAGE, FORM)
    staff.post(PAGE, {**FORM, "seen": 1, "tools-INITIAL_FORMS": 1, "tools-0-DELETE": "on"})
    assert Organisation.objects.get().approved_tools == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name_fr": " "}, "Give the organisation’s name."),
        ({"ai_desk_url": "http://rives.example"}, "Enter an address that begins with https://."),
        ({"intranet_url": "javascript:alert(1)"}, "Enter an address that begins with https://."),
        ({"dpo_email": "dpo"}, "Enter a valid email address."),
        ({"name_en": "x" * 121}, "at most 120 characters"),
        ({"tools-0-name": ""}, "Name the tool."),
        ({"tools-0-name": "\u200b"}, "Name the tool."),
        ({"tools-1-note_en": "A note"}, "Name the tool."),
        ({"tools-1-classes": ["public"]}, "Name the tool."),
        ({"tools-0-classes": []}, "Choose at least one class."),
        ({"tools-0-classes": ["x"]}, "x is not one of the available choices"),
        ({"seen": "x"}, "Nothing was saved"),
        ({"tools-TOTAL_FORMS": ""}, "Nothing was saved"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(staff: Client, changes: dict[str, Any], said: str) -> None:
    response = staff.post(PAGE, {**FORM, "security_en": "the watch", **changes})
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert 'value="the watch"' in page
    assert not Organisation.objects.exists()


def test_a_page_that_is_behind_shows_both_and_saves_the_second_time(staff: Client, administrator: User) -> None:
    change_organisation(values={"name_fr": "Alcyon", "name_en": "Rives Mutual"}, seen=0, actor=administrator)
    response = staff.post(PAGE, FORM)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Somebody else has changed this page meanwhile." in page
    assert page.count("Saved meanwhile:") == 1
    assert "Saved meanwhile: Alcyon" in page
    assert 'name="seen" value="1"' in page
    assert staff.post(PAGE, {**FORM, "seen": 1}).status_code == 302
    assert Organisation.objects.get().name_fr == "la Mutuelle des Rives"


def tool(name: str, *classes: str, note: str = "") -> dict[str, Any]:
    return {"name": name, "classes": list(classes), "note_fr": note, "note_en": ""}


def rows_of(page: Any) -> dict[str, Any]:
    """Return what the page sends back about its rows of tools."""
    data: dict[str, Any] = {"tools-INITIAL_FORMS": page.context["tools"].initial_form_count()}
    for number, row in enumerate(page.context["tools"]):
        values = {f"tools-{number}-{name}": row[name].value() for name in ("name", "classes", "note_fr", "note_en")}
        data |= {name: value for name, value in values.items() if value}
    return data | {"tools-TOTAL_FORMS": page.context["tools"].total_form_count()}


def test_two_who_add_a_tool_at_once_lose_neither(staff: Client, administrator: User) -> None:
    other = tool("Other", "public")
    change_organisation(values={"name_fr": "Alcyon", "approved_tools": [other]}, seen=0, actor=administrator)
    page = staff.post(PAGE, FORM)
    assert page.status_code == 422
    assert "Saved meanwhile: Other (Public)." in page.content.decode()
    assert staff.post(PAGE, {**FORM, "seen": 1, **rows_of(page)}).status_code == 302
    assert Organisation.objects.get().approved_tools == [tool("Tradelis", "public", "internal", note="Traducteur"), other]


def test_a_row_like_one_that_somebody_kept_meanwhile_stays_a_row(staff: Client, administrator: User) -> None:
    mine = tool("Tradelis", "public", "internal", note="Traducteur")
    change_organisation(values={"approved_tools": [mine, tool("Second", "secret")]}, seen=0, actor=administrator)
    assert staff.post(PAGE, {**FORM, "seen": 1}).status_code == 302
    assert Organisation.objects.get().approved_tools == [mine]


def test_administrators_alone_may_change_it() -> None:
    sync_roles()
    for role, status in ((Role.ADMINISTRATOR, 200), (Role.TRAINER, 403)):
        user = UserFactory()
        user.groups.add(*user.groups.model.objects.filter(name=role))
        client = Client()
        client.force_login(user)
        assert client.get(PAGE).status_code == status
        assert client.post(PAGE, FORM).status_code == {200: 302, 403: 403}[status]


def test_the_page_asks_the_same_however_many_tools(
    staff: Client, administrator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 3):
        tools = [{"name": f"Tool {n}", "classes": ["public"], "note_fr": "", "note_en": ""} for n in range(count)]
        change_organisation(values={"approved_tools": tools}, seen=(count - 1) // 2, actor=administrator)
        with django_assert_num_queries(QUERIES):
            staff.get(PAGE)
