from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from apps.accounts import demo_world
from apps.accounts.models import JobRole
from apps.core.models import AuditEntry
from apps.learning import jobs, services
from apps.learning.content import Text
from apps.learning.importing import EVERYONE, JobFamily, Problems, read_jobs
from apps.learning.jobs import examples_card, families, guess
from apps.learning.models import JobExamples
from apps.learning.views.staff import JOBS_PER_PAGE
from tests.factories.accounts import JobRoleFactory, UserFactory
from tests.pages import markup

SHIPPED = settings.CONTENT_DIR / "jobs.yaml"
PAGE = "/staff/job-examples/"
NBSP = "\u00a0"
FAMILY = """\
  - id: {code}
    title: {{fr: "Métier", en: "Job"}}
    words: [{words}]
    examples:
      - {{title: {{fr: "Un", en: "One"}}, ask: {{fr: "Demande.", en: "Ask."}}, get: {{fr: "Réponse.", en: "Get."}}}}
      - {{title: {{fr: "Un", en: "One"}}, ask: {{fr: "Demande.", en: "Ask."}}, get: {{fr: "Réponse.", en: "Get."}}}}
      - {{title: {{fr: "Un", en: "One"}}, ask: {{fr: "Demande.", en: "Ask."}}, get: {{fr: "Réponse.", en: "Get."}}}}
"""


def read(tmp_path: Path, text: str) -> tuple[list[JobFamily], list[str]]:
    path = tmp_path / "jobs.yaml"
    path.write_text(text, encoding="utf-8")
    problems = Problems(tmp_path)
    return read_jobs(path, problems), [str(problem) for problem in problems.in_order()]


def texts(family: JobFamily) -> list[Text]:
    return [family.title, *(text for example in family.examples for text in (example.title, example.ask, example.get))]


# What ships ---------------------------------------------------------------------------------------------------------------
def test_what_ships_is_free_of_problems() -> None:
    problems = Problems(settings.CONTENT_DIR)
    found = read_jobs(SHIPPED, problems)
    assert [str(problem) for problem in problems.in_order()] == []
    assert len(found) == 15


def test_french_is_set_as_french_is() -> None:
    wrong = re.compile(rf"['\"]|(?<!{NBSP})[;:?!»]|«(?!{NBSP})|\.\.\.")
    found = [text.fr for family in families().values() for text in texts(family) if wrong.search(text.fr)]
    assert found == []


def test_english_has_its_own_quotes() -> None:
    found = [text.en for family in families().values() for text in texts(family) if re.search(r"['\"«»\u00a0]", text.en)]
    assert found == []


def test_no_text_is_there_twice() -> None:
    said = [text.fr for family in families().values() for example in family.examples for text in (example.ask, example.get)]
    assert len(said) == len(set(said))


# What is refused ----------------------------------------------------------------------------------------------------------
def test_a_good_file_is_read(tmp_path: Path) -> None:
    found, problems = read(
        tmp_path, "families:\n" + FAMILY.format(code="sales", words="sales") + FAMILY.format(code=EVERYONE, words="")
    )
    assert problems == []
    assert [(family.code, family.words, len(family.examples)) for family in found] == [
        ("sales", ("sales",), 3),
        (EVERYONE, (), 3),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("families: []\n", "jobs.yaml:1: 1 to 100 families expected, 0 found"),
        (FAMILY.format(code="sales", words="sales"), "the family “everyone” is missing"),
        (FAMILY.format(code=EVERYONE, words="sales"), "the family “everyone” has no words: it is for all other jobs"),
        (FAMILY.format(code="sales", words=""), "the family “sales” needs words, or no job ever belongs to it"),
        (FAMILY.format(code="sales", words="Santé"), "write “sante”: words are without capitals and accents"),
        (FAMILY.format(code="sales", words="sales") * 2, "the family id “sales” is used twice"),
        (FAMILY.format(code="sales", words="sales") + FAMILY.format(code="it", words="sales"), "the word “sales” is there twice"),
        (FAMILY.format(code=EVERYONE, words="").rsplit("      - ", 1)[0], "3 to 3 examples expected, 2 found"),
        (FAMILY.format(code=EVERYONE, words="").replace(', en: "Ask."', ""), "the English text is missing"),
        (FAMILY.format(code=EVERYONE, words="").replace("Ask.", "a" * 221), "longer than 220 characters"),
        (FAMILY.format(code=EVERYONE, words="") + "    more: 1\n", "unknown key “more”"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    _found, problems = read(tmp_path, text if text.startswith("families") else f"families:\n{text}")
    assert any(problem in told for told in problems), problems


def test_a_file_that_cannot_be_used_leaves_home_without_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(settings, "CONTENT_DIR", tmp_path)
    families.cache_clear()
    try:
        assert jobs.family_of(None, None) is None
    finally:
        families.cache_clear()
    assert "No examples by job" in caplog.text


# Which family a job belongs to --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("french", "english", "family"),
    [
        ("Chargée d’études statistiques", "Statistics analyst", "statistics"),
        ("Délégué à la protection des données", "Data protection officer", "legal"),
        ("CONSEILLÈRE RETRAITE", "Pensions adviser", "pensions"),
        ("Comptable", "Accountant", "finance"),
        ("Ingénieure logiciel", "Software engineer", "it"),
        ("Agent d’accueil", "Receptionist", EVERYONE),
        ("Chargé de transformation", "Change officer", EVERYONE),  # a word counts from its beginning
    ],
)
def test_a_job_nobody_assigned_is_known_by_its_name(french: str, english: str, family: str) -> None:
    assert guess(JobRole(code="x", name_fr=french, name_en=english)) == family


@pytest.mark.parametrize(("code", "french", "english"), demo_world.JOBS)
def test_every_job_of_the_demo_world_is_known_by_its_name(code: str, french: str, english: str) -> None:
    assert guess(JobRole(code=code, name_fr=french, name_en=english)) != EVERYONE


# The card -----------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_staff_chose_counts_before_the_name(django_assert_num_queries: Any) -> None:
    role = JobRoleFactory(name_fr="Actuaire", name_en="Actuary")
    user = UserFactory(job_role=role)
    card = examples_card(user)
    assert card is not None
    assert (card["job"], card["examples"]) == ("Actuary", families()["actuarial"].examples)
    JobExamples.objects.create(job_role=role, family="finance")
    with django_assert_num_queries(1):
        card = examples_card(user)
    assert card is not None
    assert card["examples"] == families()["finance"].examples
    JobExamples.objects.update(family="no-longer-there")
    card = examples_card(user)
    assert card is not None
    assert card["examples"] == families()["actuarial"].examples


@pytest.mark.django_db
def test_without_a_job_everybodys_examples_cost_no_query(django_assert_num_queries: Any) -> None:
    user = UserFactory()
    with django_assert_num_queries(0):
        card = examples_card(user)
    assert card is not None
    assert (card["title"], card["job"]) == ("What AI will do for you", "")
    with translation.override("fr"):
        assert str(card["examples"][0].title) == "Répondre à un e-mail"


# The staff page -----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_staff_choose_and_it_is_written_down(client: Client) -> None:
    actuary, other = JobRoleFactory(name_fr="Actuaire", name_en="Actuary"), JobRoleFactory()
    client.force_login(UserFactory(permissions=["learning.manage_courses"], language="en"))
    assert "By its name: Actuarial" in markup(client.get(PAGE))
    chosen = {f"job-{actuary.pk}": "finance", f"job-{other.pk}": "by-name"}
    assert "Saved: 1 job has changed." in client.post(PAGE, chosen, follow=True).content.decode()
    assert AuditEntry.objects.get(action="learning.choose_job_examples").details == {"changed": {actuary.code: "finance"}}
    client.post(PAGE, chosen)
    assert AuditEntry.objects.filter(action="learning.choose_job_examples").count() == 1
    back = {f"job-{actuary.pk}": "by-name", f"job-{other.pk}": "by-name", f"seen-{actuary.pk}": "finance"}
    client.post(PAGE, back)
    assert not JobExamples.objects.exists()


@pytest.mark.django_db
def test_what_somebody_else_chose_meanwhile_is_not_overwritten(client: Client) -> None:
    actuary, other = JobRoleFactory(name_fr="Actuaire", name_en="Actuary"), JobRoleFactory()
    user = UserFactory(permissions=["learning.manage_courses"], language="en")
    client.force_login(user)
    drawn = {f"seen-{actuary.pk}": "by-name", f"seen-{other.pk}": "by-name"}
    assert all(f'name="{name}" value="by-name"' in markup(client.get(PAGE)) for name in drawn)
    services.choose_job_examples(families={actuary: "legal"}, seen={}, actor=None)
    response = client.post(PAGE, {**drawn, f"job-{actuary.pk}": "finance", f"job-{other.pk}": "it"})
    page = markup(response)
    assert response.status_code == 422
    assert "What you chose is still here" in page
    assert page.count("Saved meanwhile: Legal") == 1
    assert '<option value="finance" selected>' in page
    assert f'name="seen-{actuary.pk}" value="legal"' in page
    assert dict(JobExamples.objects.values_list("job_role", "family")) == {actuary.pk: "legal"}, "Nothing of it was kept."
    client.post(PAGE, {**drawn, f"seen-{actuary.pk}": "legal", f"job-{actuary.pk}": "finance", f"job-{other.pk}": "it"})
    assert dict(JobExamples.objects.values_list("job_role", "family")) == {actuary.pk: "finance", other.pk: "it"}


@pytest.mark.django_db
def test_a_job_that_was_left_alone_stays_as_somebody_else_chose(client: Client) -> None:
    actuary, other = JobRoleFactory(), JobRoleFactory()
    client.force_login(UserFactory(permissions=["learning.manage_courses"]))
    services.choose_job_examples(families={actuary: "legal"}, seen={}, actor=None)
    assert client.post(PAGE, {f"job-{actuary.pk}": "by-name", f"job-{other.pk}": "it"}).status_code == 302
    assert dict(JobExamples.objects.values_list("job_role", "family")) == {actuary.pk: "legal", other.pk: "it"}


@pytest.mark.django_db
def test_jobs_come_a_page_at_a_time(client: Client) -> None:
    roles = [JobRoleFactory(name_fr=f"Métier {number:02}", name_en=f"Job {number:02}") for number in range(JOBS_PER_PAGE + 2)]
    client.force_login(UserFactory(permissions=["learning.manage_courses"], language="en"))
    assert markup(client.get(PAGE)).count("<select") == JOBS_PER_PAGE
    second = markup(client.get(f"{PAGE}?page=2"))
    assert second.count("<select") == 2
    assert f'name="job-{roles[-1].pk}"' in second
    response = client.post(f"{PAGE}?page=2", {f"job-{roles[0].pk}": "it", f"job-{roles[-1].pk}": "legal"})
    assert response.headers["Location"] == f"{PAGE}?page=2"
    assert set(JobExamples.objects.values_list("job_role", "family")) == {(roles[0].pk, "it"), (roles[-1].pk, "legal")}


@pytest.mark.django_db
def test_a_family_that_does_not_exist_is_refused(client: Client) -> None:
    role = JobRoleFactory()
    client.force_login(UserFactory(permissions=["learning.manage_courses"]))
    assert client.post(PAGE, {f"job-{role.pk}": "magic"}).status_code == 422
    assert not JobExamples.objects.exists()


@pytest.mark.django_db
def test_the_page_is_for_who_manages_courses(client: Client) -> None:
    client.force_login(UserFactory(permissions=["accounts.manage_people"]))
    assert client.get(PAGE).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_equally_often_however_many_jobs(client: Client, rows: int, django_assert_num_queries: Any) -> None:
    JobRoleFactory.create_batch(rows)
    user = UserFactory(permissions=["learning.manage_courses"])
    services.choose_job_examples(families=dict.fromkeys(JobRole.objects.all(), "finance"), seen={}, actor=user)
    client.force_login(user)
    client.get(PAGE)
    with django_assert_num_queries(5):
        client.get(PAGE)


@pytest.mark.django_db
def test_wrong_examples_stop_the_content_from_loading(tmp_path: Path) -> None:
    for name in ("courses", "charter", "requirements.yaml"):
        (tmp_path / name).symlink_to(settings.CONTENT_DIR / name)
    (tmp_path / "jobs.yaml").write_text("families: []\n", encoding="utf-8")
    with pytest.raises(Exception, match="families expected"):
        call_command("load_content", str(tmp_path), verbosity=0)
