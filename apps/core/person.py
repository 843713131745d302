"""The person as this app knows them: `accounts` says who they are, and stands above."""

from __future__ import annotations

import uuid
from typing import Protocol


class Person(Protocol):
    """Somebody who is signed in. Registries that call back take functions of the project's own `User`, which has all this."""

    @property
    def pk(self) -> uuid.UUID: ...

    @property
    def language(self) -> str: ...

    def has_perm(self, perm: str, /) -> bool: ...
