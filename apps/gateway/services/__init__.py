"""Writes of the gateway: calls and their ledger, the registry of models, and what registers itself at start."""

from .automatic import register_embedded, register_from_environment, report_embedded_trouble
from .calls import prepare_call, record_usage

__all__ = [
    "prepare_call",
    "record_usage",
    "register_embedded",
    "register_from_environment",
    "report_embedded_trouble",
]
