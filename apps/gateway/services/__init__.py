"""Writes of the gateway: calls and their ledger, the registry of models, and what registers itself at start."""

from .adaptations import forget_adaptations
from .automatic import (
    register_embedded,
    register_from_environment,
    report_embedded_trouble,
)
from .calls import prepare_call, record_usage
from .ledger import add_up_usage
from .nearby import connect_nearby, servers_nearby
from .probes import probe_provider
from .registry import (
    RegistryError,
    change_alias,
    change_model,
    change_provider,
    change_version,
    change_version_status,
    create_alias,
    create_provider,
    create_version,
)

__all__ = [
    "RegistryError",
    "add_up_usage",
    "change_alias",
    "change_model",
    "change_provider",
    "change_version",
    "change_version_status",
    "connect_nearby",
    "create_alias",
    "create_provider",
    "create_version",
    "forget_adaptations",
    "prepare_call",
    "probe_provider",
    "record_usage",
    "register_embedded",
    "register_from_environment",
    "report_embedded_trouble",
    "servers_nearby",
]
