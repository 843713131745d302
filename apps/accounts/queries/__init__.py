from .identities import Identity, count_refused, get_refused, holder_of, identities_of, refused_sign_ins, sign_in_rules
from .organisation import stored_organisation
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
    "Identity",
    "Protection",
    "count_refused",
    "count_tokens",
    "directory",
    "entity_and_below",
    "find_people",
    "find_person",
    "get_person",
    "get_refused",
    "holder_of",
    "identities_of",
    "people_with_emails",
    "protection_of",
    "refused_sign_ins",
    "roles_of",
    "sign_in_rules",
    "stored_organisation",
    "tokens_of",
    "user_for_token",
]
