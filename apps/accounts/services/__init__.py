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
from .import_runs import go_on_with_import, resume_imports
from .imports import apply_import, cancel_import, choose_columns, create_codes, forget_imports, upload_people, why_not_apply
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
    "apply_import",
    "cancel_import",
    "change_email",
    "change_entry",
    "change_organisation",
    "change_sign_in_rules",
    "choose_columns",
    "close_entry",
    "create_codes",
    "create_entry",
    "create_person",
    "create_token",
    "deactivate_person",
    "dismiss_refused",
    "edit_person",
    "end_other_sessions",
    "end_sessions",
    "forget_imports",
    "give_address_away",
    "go_on_with_import",
    "import_entries",
    "invite_person",
    "merge_entry",
    "note_token_use",
    "receive",
    "recover_account",
    "reopen_entry",
    "reset_second_factor",
    "resume_imports",
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
    "upload_people",
    "welcome_back",
    "why_not_apply",
]
