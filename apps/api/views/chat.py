from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.api.permissions import CHAT
from apps.api.serializers.chat import ConversationSerializer, TitleSerializer, TurnSerializer
from apps.chat import queries, services
from apps.chat.commands import USE

from .base import ApiView

CONVERSATIONS: Any = _("Conversations")


class ChatView(ApiView):
    """Only for who may chat now, and with tokens made for it."""

    scopes = frozenset({CHAT})
    capability = USE
    serializer_class: type[Serializer[Any]] = ConversationSerializer


class Conversations(ChatView):
    @extend_schema(
        operation_id="conversations",
        summary=_("Your conversations"),
        description=_("The latest first."),
        responses=ConversationSerializer(many=True),
        tags=[CONVERSATIONS],
    )
    def get(self, request: Request) -> Response:
        user: Any = request.user
        page = self.paginate_queryset(queries.conversations_for(user))
        return self.get_paginated_response(self.get_serializer(queries.headings(list(page or [])), many=True).data)


class ConversationDetail(ChatView):
    @extend_schema(
        operation_id="conversation",
        summary=_("One conversation"),
        description=_("Its title and when it was last used."),
        tags=[CONVERSATIONS],
    )
    def get(self, request: Request, conversation_id: uuid.UUID) -> Response:
        user: Any = request.user
        return self._shown(queries.get_conversation_for(user, conversation_id))

    @extend_schema(
        operation_id="rename_conversation",
        summary=_("Rename a conversation"),
        description=_("Gives it another title. Your open tabs follow."),
        request=TitleSerializer,
        responses=ConversationSerializer,
        tags=[CONVERSATIONS],
    )
    def patch(self, request: Request, conversation_id: uuid.UUID) -> Response:
        user: Any = request.user
        queries.get_conversation_for(user, conversation_id)  # before what was sent is looked at: a foreign id says nothing
        form = TitleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        renamed = services.rename_conversation(user=user, conversation_id=conversation_id, title=form.validated_data["title"])
        return self._shown(renamed)

    @extend_schema(
        operation_id="delete_conversation",
        summary=_("Delete a conversation"),
        description=_("For good, with all that was written in it."),
        responses={204: None},
        tags=[CONVERSATIONS],
    )
    def delete(self, request: Request, conversation_id: uuid.UUID) -> Response:
        user: Any = request.user
        services.delete_conversation(user=user, conversation_id=conversation_id)
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
        user: Any = request.user
        conversation = queries.get_conversation_for(user, conversation_id)
        return self.pages_of(queries.branch(conversation, conversation.seal()))
