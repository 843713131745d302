from __future__ import annotations

from django.utils import timezone

from apps.accounts.models import User
from apps.chat.models import Conversation, Message, Run
from apps.core.crypto import new_data_key
from apps.gateway.enums import AnswerState
from apps.gateway.models import Alias, Model, ModelVersion, Provider


def make_model(base_url: str = "http://127.0.0.1:9/v1", upstream_name: str = "steady", *, window: int = 8192) -> ModelVersion:
    """Put a model into service behind the alias `almia-standard`. `upstream_name` chooses how bench.upstream behaves."""
    provider, _ = Provider.objects.get_or_create(name="Test", defaults={"base_url": base_url, "allow_plain_http": True})
    model, _ = Model.objects.get_or_create(name="Testmodell")
    version: ModelVersion = ModelVersion.objects.create(
        model=model,
        provider=provider,
        label=f"v{model.versions.count() + 1}",
        upstream_name=upstream_name,
        status="active",
        context_window=window,
        price_in=2,
        price_out=6,
    )
    Alias.objects.update_or_create(code="almia-standard", defaults={"label": "Almia standard", "target": version})
    return version


def make_conversation(
    owner: User, *turns: tuple[str, str], title: str = "Titre", version: ModelVersion | None = None
) -> Conversation:
    """Store a conversation whose turns (message, answer) are complete."""
    conversation = Conversation(owner=owner, data_key=new_data_key(owner.pk), target="almia-standard")
    seal = conversation.seal()
    Conversation.title.write(conversation, seal, title)
    conversation.save()
    for text, answer in turns:
        add_run(conversation, add_message(conversation, text, follows=conversation.head), answer, version=version)
    return conversation


def add_message(conversation: Conversation, text: str, *, follows: Run | None = None) -> Message:
    message = Message(conversation=conversation, follows=follows)
    Message.text.write(message, conversation.seal(), text)
    message.save()
    return message


def add_run(
    conversation: Conversation,
    message: Message,
    answer: str = "",
    *,
    state: AnswerState = AnswerState.DONE,
    version: ModelVersion | None = None,
) -> Run:
    """Store an answer to `message` and make it the conversation's head."""
    run = Run(
        conversation=conversation,
        message=message,
        version=version or ModelVersion.objects.first() or make_model(),
        model_name="Testmodell v1",
        state=state,
        seq=1 if answer else 0,
        ended_at=None if state is AnswerState.STREAMING else timezone.now(),
    )
    Run.text.write(run, conversation.seal(), answer)
    run.save()
    conversation.head = run
    conversation.save(update_fields=["head"])
    return run
