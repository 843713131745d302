"""Writes of the chat. The text of people and models is encrypted before it reaches a row."""

from .announcing import ChatError
from .conversations import (
    MAX_TITLE,
    choose_message,
    choose_run,
    choose_target,
    delete_conversation,
    rename_conversation,
)
from .runs import RUN, end_run, interrupt_lost_runs, keep_text, stop_run
from .turns import (
    MAX_AT_ONCE,
    MAX_CHARACTERS,
    Started,
    continue_run,
    edit_message,
    regenerate,
    start_turn,
)

__all__ = [
    "MAX_AT_ONCE",
    "MAX_CHARACTERS",
    "MAX_TITLE",
    "RUN",
    "ChatError",
    "Started",
    "choose_message",
    "choose_run",
    "choose_target",
    "continue_run",
    "delete_conversation",
    "edit_message",
    "end_run",
    "interrupt_lost_runs",
    "keep_text",
    "regenerate",
    "rename_conversation",
    "start_turn",
    "stop_run",
]
