from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from apps.api.reference import openapi, reference
from apps.core.api.schema import possible_problems
from tests.factories.accounts import UserFactory


def test_the_schema_is_valid_openapi_without_a_warning() -> None:
    out, err = StringIO(), StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out, stderr=err)
    assert "openapi: 3" in out.getvalue()


@pytest.mark.django_db
def test_the_schema_says_who_may_and_what_can_go_wrong(client: Client) -> None:
    assert client.get("/api/v1/schema/").status_code == 401
    client.force_login(UserFactory())
    assert client.get("/api/v1/schema/")["Content-Type"].startswith("application/vnd.oai.openapi")
    schema = client.get("/api/v1/schema/?format=json").json()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["x-scopes"], where
            assert operation["summary"], where
            assert operation["description"], where
            assert operation["security"] == [{"token": []}, {"session": []}], where
            possible = possible_problems(method, has_body="requestBody" in operation)
            assert {*possible, "503"} <= set(operation["responses"]), where
            assert ("409" in operation["responses"]) == (method != "get"), where
            assert ("write" in operation["x-scopes"]) == (method != "get"), where


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["version=a%0Ab", "version=1", "lang=zz", "lang=..%2F..", "lang=a%0Ab"])
def test_the_schema_reads_nothing_from_its_address_but_the_format(client: Client, query: str) -> None:
    client.force_login(UserFactory(language="fr"))
    response = client.get(f"/api/v1/schema/?format=json&{query}")
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'inline; filename="Almia.json"'
    assert response.content == client.get("/api/v1/schema/?format=json").content


def test_what_must_be_sent_is_required() -> None:
    document = openapi()
    title = document["components"]["schemas"]["Title"]
    assert title["required"] == ["title"]
    assert "PatchedTitle" not in document["components"]["schemas"]


@pytest.mark.django_db
def test_the_documentation_shows_every_operation(client: Client) -> None:
    client.force_login(UserFactory(language="en"))
    page = client.get("/api/v1/docs/").content.decode()
    operations = [operation for chapter in reference("en") for operation in chapter.operations]
    assert len(operations) >= 3
    for operation in operations:
        assert f'id="{operation.id}"' in page
    assert "<script>" not in page
    assert " style=" not in page


def test_the_reference_follows_the_shapes_down() -> None:
    with translation.override("en"):
        operations = {operation.id: operation for chapter in reference("en") for operation in chapter.operations}
    fields = {field.name: field for field in operations["capability"].answer}
    assert (fields["requirements"].kind, fields["requirements"].depth) == ("array", 0)
    assert (fields["until"].kind, fields["until"].depth) == ("string (date-time)", 1)
    assert "expired" in fields["state"].kind
    assert [field.name for field in operations["capability"].parameters] == ["code"]
