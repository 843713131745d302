from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import create_token
from apps.chat.models import Conversation, Message, Run
from apps.core.crypto import new_data_key
from apps.gateway.enums import AnswerState
from apps.gateway.models import Model, ModelVersion, Provider


@pytest.fixture
def token_client() -> Callable[..., Client]:
    """Return a client that calls with a personal token of `user` limited to `scopes`."""

    def make(user: User, *scopes: str) -> Client:
        expires_at = timezone.now() + timedelta(days=1)
        _token, raw = create_token(user=user, name="test", scopes=scopes, expires_at=expires_at)
        return Client(headers={"authorization": f"Bearer {raw}"})

    return make


@pytest.fixture
def version(db: None) -> ModelVersion:
    """A model that could answer."""
    provider = Provider.objects.create(name="Test", base_url="https://models.alcyon.example/v1")
    model = Model.objects.create(name="Plume")
    return ModelVersion.objects.create(model=model, provider=provider, label="1", upstream_name="plume-1")


@pytest.fixture
def talk(version: ModelVersion) -> Callable[..., Conversation]:
    """Return a function that stores a conversation of `owner` with some turns, as the chat stores them."""

    def make(owner: User, *, title: str = "Leave notes", turns: int = 1) -> Conversation:
        conversation = Conversation(owner=owner, data_key=new_data_key(owner.pk), target="almia-standard")
        seal = conversation.seal()
        Conversation.title.write(conversation, seal, title)
        conversation.save(force_insert=True)
        for number in range(1, turns + 1):
            message = Message(conversation=conversation, follows=conversation.head)
            Message.text.write(message, seal, f"Question {number}")
            message.save(force_insert=True)
            run = Run(
                conversation=conversation,
                message=message,
                version=version,
                model_name="Plume 1",
                state=AnswerState.DONE,
                ended_at=timezone.now(),
            )
            Run.text.write(run, seal, f"Answer {number}")
            run.save(force_insert=True)
            conversation.head = run
        conversation.save(update_fields=["head"])
        return conversation

    return make
