"""The API of this app: the caller's own conversations."""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.authentication import caller_of
from apps.core.api.views import ApiView
from apps.gateway.enums import AnswerState

from . import queries, services
from .commands import USE
from .queries import Heading, Turn
from .services import MAX_TITLE

CHAT = "chat"  # the scope
CONVERSATIONS: Any = _("Conversations")
SOMETHING_TO_SEE = r"[^\s\x00]"


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": MAX_TITLE, "pattern": SOMETHING_TO_SEE})
class TextField(serializers.CharField):
    """Text that must be a string: DRF would accept a number for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ConversationSerializer(serializers.Serializer[Heading]):
    """A conversation, without its messages."""

    id = serializers.UUIDField(read_only=True)
    title = serializers.CharField(
        max_length=MAX_TITLE, allow_null=True, help_text=_("Null when it cannot be opened at the moment.")
    )
    active_at = serializers.DateTimeField(read_only=True, help_text=_("When something was last said in it."))


class TitleSerializer(serializers.Serializer[Any]):
    """What can be changed in a conversation."""

    title = TextField(max_length=MAX_TITLE)


class AnswerSerializer(serializers.Serializer[Turn]):
    """What the model wrote, as far as it was stored."""

    id = serializers.UUIDField(source="run.pk")
    model = serializers.CharField(source="run.model_name", help_text=_("The model and its version."))
    state = serializers.ChoiceField(source="run.state", choices=AnswerState.choices)
    text = serializers.CharField(source="answer", help_text=_("Markdown."))
    cut_short = serializers.BooleanField(source="run.cut_short", help_text=_("It reached the longest answer allowed."))
    failure = serializers.CharField(help_text=_("What went wrong, in a sentence; empty when nothing did."))
    started_at = serializers.DateTimeField(source="run.started_at")
    ended_at = serializers.DateTimeField(source="run.ended_at", allow_null=True)


class TurnSerializer(serializers.Serializer[Turn]):
    """One message and the answer to it, on the branch that is shown."""

    id = serializers.UUIDField(source="message.pk")
    text = serializers.CharField(help_text=_("What the person wrote."))
    sent_at = serializers.DateTimeField(source="message.created_at")
    answer = AnswerSerializer(source="*")


class ChatView(ApiView):
    """Only for people who may chat now, and for tokens with this scope."""

    scopes = frozenset({CHAT})
    capability = USE
    serializer_class: type[serializers.Serializer[Any]] = ConversationSerializer


class Conversations(ChatView):
    @extend_schema(
        operation_id="conversations",
        summary=_("Your conversations"),
        description=_("The latest first."),
        responses=ConversationSerializer(many=True),
        tags=[CONVERSATIONS],
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.conversations_for(caller_of(request)))
        return self.get_paginated_response(self.get_serializer(queries.headings(list(page or [])), many=True).data)


class ConversationDetail(ChatView):
    @extend_schema(
        operation_id="conversation",
        summary=_("One conversation"),
        description=_("Its title and when it was last used."),
        tags=[CONVERSATIONS],
    )
    def get(self, request: Request, conversation_id: uuid.UUID) -> Response:
        return self._shown(queries.get_conversation_for(caller_of(request), conversation_id))

    @extend_schema(
        operation_id="rename_conversation",
        summary=_("Rename a conversation"),
        description=_("Gives it another title. Your open tabs follow."),
        request=TitleSerializer,
        responses=ConversationSerializer,
        tags=[CONVERSATIONS],
    )
    def patch(self, request: Request, conversation_id: uuid.UUID) -> Response:
        queries.get_conversation_for(
            caller_of(request), conversation_id
        )  # before the input is looked at: somebody else's id reveals nothing
        form = TitleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        renamed = services.rename_conversation(
            user=caller_of(request), conversation_id=conversation_id, title=form.validated_data["title"]
        )
        return self._shown(renamed)

    @extend_schema(
        operation_id="delete_conversation",
        summary=_("Delete a conversation"),
        description=_("For good, with everything written in it."),
        responses={204: None},
        tags=[CONVERSATIONS],
    )
    def delete(self, request: Request, conversation_id: uuid.UUID) -> Response:
        services.delete_conversation(user=caller_of(request), conversation_id=conversation_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, conversation: Any) -> Response:
        return Response(self.get_serializer(queries.headings([conversation])[0]).data)


class ConversationMessages(ChatView):
    serializer_class = TurnSerializer

    @extend_schema(
        operation_id="conversation_messages",
        summary=_("What was said"),
        description=_("The messages of the branch on show with their answers, from the first to the last."),
        responses=TurnSerializer(many=True),
        tags=[CONVERSATIONS],
    )
    def get(self, request: Request, conversation_id: uuid.UUID) -> Response:
        conversation = queries.get_conversation_for(caller_of(request), conversation_id)
        return self.pages_of(queries.branch(conversation, conversation.seal()))


urlpatterns = [
    path("conversations/", Conversations.as_view(), name="conversations"),
    path("conversations/<uuid:conversation_id>/", ConversationDetail.as_view(), name="conversation"),
    path("conversations/<uuid:conversation_id>/messages/", ConversationMessages.as_view(), name="messages"),
]
