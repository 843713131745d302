"""A page and the fragment of it that htmx asks for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import UserFactory


@pytest.mark.django_db
@pytest.mark.parametrize("fragment", [False, True])
def test_page_and_fragment_are_not_taken_for_each_other(client: Client, fragment: bool) -> None:
    client.force_login(UserFactory.create())
    response = client.get(reverse("portal:home"), headers={"HX-Request": "true"} if fragment else {})
    assert ("<!doctype html" in response.text.lower()) is not fragment
    assert "HX-Request" in response["Vary"]
