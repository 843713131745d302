from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.chat.queries import Heading, Turn
from apps.chat.services import MAX_TITLE
from apps.gateway.enums import AnswerState

SOMETHING_TO_SEE = r"[^\s\x00]"


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": MAX_TITLE, "pattern": SOMETHING_TO_SEE})
class TextField(serializers.CharField):
    """Text that is text: DRF would take a number for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ConversationSerializer(serializers.Serializer[Heading]):
    """A conversation, without what was said in it."""

    id = serializers.UUIDField(read_only=True)
    title = serializers.CharField(
        max_length=MAX_TITLE, allow_null=True, help_text=_("Null when it cannot be opened at the moment.")
    )
    active_at = serializers.DateTimeField(read_only=True, help_text=_("When something was last said in it."))


class TitleSerializer(serializers.Serializer[Any]):
    """What can be changed of a conversation."""

    title = TextField(max_length=MAX_TITLE)


class AnswerSerializer(serializers.Serializer[Turn]):
    """What the model wrote, as far as it is kept."""

    id = serializers.UUIDField(source="run.pk")
    model = serializers.CharField(source="run.model_name", help_text=_("The model and its version."))
    state = serializers.ChoiceField(source="run.state", choices=AnswerState.choices)
    text = serializers.CharField(source="answer", help_text=_("Markdown."))
    cut_short = serializers.BooleanField(source="run.cut_short", help_text=_("It reached the longest answer there may be."))
    failure = serializers.CharField(help_text=_("What went wrong, in a sentence; empty when nothing did."))
    started_at = serializers.DateTimeField(source="run.started_at")
    ended_at = serializers.DateTimeField(source="run.ended_at", allow_null=True)


class TurnSerializer(serializers.Serializer[Turn]):
    """One message and the answer to it, on the branch on show."""

    id = serializers.UUIDField(source="message.pk")
    text = serializers.CharField(help_text=_("What the person wrote."))
    sent_at = serializers.DateTimeField(source="message.created_at")
    answer = AnswerSerializer(source="*")
