"""What every part of the API shares: the base of its views, problems, pages, the description. Each app's `api.py` uses it.

    api.declare("apps.chat.api")        # in AppConfig.ready(): a module with `urlpatterns`, mounted below /api/v1/

Modules are named, not imported: a process that does not serve the API loads none of it.
"""

from __future__ import annotations

# The scopes that every token may have: what it may see, and whether it may change things. Other scopes belong to an app.
READ, WRITE = "read", "write"

_modules: list[str] = []


def declare(module: str) -> None:
    """Declare the module that holds an app's API. Declaring one twice is an error."""
    if module in _modules:
        raise ValueError(f"The API of {module} is declared twice.")
    _modules.append(module)


def modules() -> list[str]:
    return list(_modules)
