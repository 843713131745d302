"""The person as this app knows them: `accounts`, a layer above, says who they are."""

from __future__ import annotations

import uuid
from typing import Protocol


class Person(Protocol):
    """Somebody who is signed in. Registries that call back take functions of the project's own `User`, which has all of this."""

    @property
    def pk(self) -> uuid.UUID: ...

    @property
    def language(self) -> str: ...

    def has_perm(self, perm: str, /) -> bool: ...
