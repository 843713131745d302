from .directory import change_entry, close_entry, create_entry, import_entries, merge_entry, reopen_entry
from .identities import (
    SignInRefused,
    change_sign_in_rules,
    dismiss_refused,
    give_address_away,
    receive,
    tie_refused,
    untie_identity,
    welcome_back,
)
from .imports import import_people
from .invitations import invite_person
from .mail import LetterNotSent, send_test
from .organisation import ChangedMeanwhile, change_organisation
from .people import (
    activate_person,
    change_email,
    create_person,
    deactivate_person,
    edit_person,
    reset_second_factor,
    set_roles,
    sign_out_person,
    update_from_directory,
    update_person,
)
from .preferences import set_language, set_theme
from .sessions import announce_session_end, end_other_sessions, end_sessions, recover_account, sign_out_elsewhere
from .tokens import create_token, note_token_use, revoke_token, revoke_tokens

__all__ = [
    "ChangedMeanwhile",
    "LetterNotSent",
    "SignInRefused",
    "activate_person",
    "announce_session_end",
    "change_email",
    "change_entry",
    "change_organisation",
    "change_sign_in_rules",
    "close_entry",
    "create_entry",
    "create_person",
    "create_token",
    "deactivate_person",
    "dismiss_refused",
    "edit_person",
    "end_other_sessions",
    "end_sessions",
    "give_address_away",
    "import_entries",
    "import_people",
    "invite_person",
    "merge_entry",
    "note_token_use",
    "receive",
    "recover_account",
    "reopen_entry",
    "reset_second_factor",
    "revoke_token",
    "revoke_tokens",
    "send_test",
    "set_language",
    "set_roles",
    "set_theme",
    "sign_out_elsewhere",
    "sign_out_person",
    "tie_refused",
    "untie_identity",
    "update_from_directory",
    "update_person",
    "welcome_back",
]
