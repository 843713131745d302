from .people import (
    Directory,
    Protection,
    directory,
    entity_and_below,
    find_people,
    find_person,
    get_person,
    people_with_emails,
    protection_of,
    roles_of,
)
from .tokens import count_tokens, tokens_of, user_for_token

__all__ = [
    "Directory",
    "Protection",
    "count_tokens",
    "directory",
    "entity_and_below",
    "find_people",
    "find_person",
    "get_person",
    "people_with_emails",
    "protection_of",
    "roles_of",
    "tokens_of",
    "user_for_token",
]
