"""A product besides the chat has its step and its cards on the home page, without any change to the portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.access import capabilities, home
from apps.access.home import Card, Product
from apps.portal.enums import HomeState
from apps.portal.queries import home_for
from tests.factories.access import AwardFactory, RequirementFactory, TrainingFactory, entitled_user
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
CODE = "test.build"


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Product:
    """A product that comes after the chat."""
    monkeypatch.setattr(capabilities, "_capabilities", dict(capabilities._capabilities))
    monkeypatch.setattr(home, "_products", dict(home._products))
    monkeypatch.setattr(home, "_cards", list(home._cards))
    capabilities.declare(CODE, "Build assistants")
    product = Product(CODE, step="Build assistants", order=20)
    home.declare(product)
    home.show(Card("portal/robots.html", lambda user: {"mine": user}, capability=CODE, order=20))
    return product


def test_its_step_ends_the_way_with_only_what_it_asks_beyond_the_chat(second: Product) -> None:
    shared, further = TrainingFactory(title_en="Shared"), TrainingFactory(title_en="Further")
    RequirementFactory(capability="chat.use", training=shared)
    RequirementFactory(capability=CODE, training=shared)
    RequirementFactory(capability=CODE, training=further)
    page = home_for(UserFactory())
    assert [step.title for step in page.steps] == ["Shared", "Chat with the AI", "Further", "Build assistants"]
    assert [step.state for step in page.steps] == ["current", "todo", "todo", "todo"]
    assert page.headline == "One course to go before your first conversation", "The chat leads."


def test_what_nobody_has_set_requirements_for_is_no_step(second: Product) -> None:
    RequirementFactory(capability="chat.use")
    assert [step.title for step in home_for(UserFactory()).steps][1:] == ["Chat with the AI"]


def test_its_card_is_there_for_who_has_it(second: Product) -> None:
    user = entitled_user("chat.use")
    requirement = RequirementFactory(capability=CODE)
    templates = [card.template for card in home_for(user).filled]
    assert templates == ["chat/_home_composer.html", "chat/_home_recent.html"]
    AwardFactory(user=user, training=requirement.training)
    page = home_for(user)
    assert [card.template for card in page.filled] == [*templates, "portal/robots.html"]
    assert [card.template for card in page.wide_cards] == ["chat/_home_composer.html"]
    assert page.filled[-1].context == {"mine": user}
    assert requirement.training.title in [proof.title for proof in page.proofs]


def test_a_card_needs_no_product_of_its_own(second: Product) -> None:
    capabilities.declare("test.ideas", "Share ideas")
    home.show(Card("portal/robots.html", lambda user: {"ideas": True}, capability="test.ideas", order=30))
    user = entitled_user("chat.use")
    assert {"ideas": True} not in [card.context for card in home_for(user).filled]
    AwardFactory(user=user, training=RequirementFactory(capability="test.ideas").training)
    assert home_for(user).filled[-1].context == {"ideas": True}


def test_a_card_without_anything_to_show_is_left_out(second: Product, client: Client) -> None:
    home.show(Card("there/is/no/such.html", lambda user: None))
    client.force_login(entitled_user("chat.use"))
    assert client.get("/").status_code == 200


def test_its_proof_that_ends_soon_is_told_without_words_of_its_own(second: Product) -> None:
    user = entitled_user("chat.use")
    requirement = RequirementFactory(capability=CODE)
    AwardFactory(user=user, training=requirement.training, expires_at=timezone.now() + timedelta(days=3))
    [warning] = home_for(user).warnings
    assert "Build assistants" in warning.title


def test_a_second_product_costs_no_query(second: Product, django_assert_num_queries: Any) -> None:
    RequirementFactory(capability="chat.use")
    RequirementFactory(capability=CODE)
    user = UserFactory()
    home_for(user)
    with django_assert_num_queries(2):  # as with the chat alone: rights, courses (there are none)
        assert home_for(user).state is HomeState.NEW


def test_a_product_is_declared_once(second: Product) -> None:
    with pytest.raises(ValueError, match="twice"):
        home.declare(second)


def test_the_page_links_what_its_cards_need_though_they_come_later(second: Product, client: Client) -> None:
    """A card that comes into the page when a right opens brings no sheet along."""
    home.show(Card("portal/robots.html", lambda user: None, capability=CODE, styles=("chat", "table")))
    client.force_login(entitled_user("chat.use"))
    page = client.get("/").content.decode()
    assert page.count("css/pages/table.css") == page.count("css/pages/chat.css") == 1
    assert "css/pages/table.css" not in client.get("/", headers={"hx-request": "true"}).content.decode()
