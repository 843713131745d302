"""What this app writes into the audit trail, as staff read it. Loaded at start by `core.apps`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import audit

from .enums import Role
from .models import User

audit.declare(
    {
        "accounts.sign_in": _("Signed in to Almia"),
        "accounts.change_password": _("Password changed"),
        "accounts.reset_password": _("Forgotten password replaced"),
        "accounts.add_second_factor": _("Second step of sign-in added"),
        "accounts.remove_second_factor": _("Second step of sign-in removed"),
        "accounts.reset_second_factor": _("Second step of sign-in set up again"),
        "accounts.lift_second_factor": _("Second step lifted for somebody who had lost it"),
        "accounts.create_token": _("API token made"),
        "accounts.revoke_token": _("API token revoked"),
        "accounts.revoke_tokens": _("All API tokens revoked"),
        "accounts.create_entry": _("Directory: entry made"),
        "accounts.change_entry": _("Directory: entry changed"),
        "accounts.merge_entry": _("Directory: entry merged into another"),
        "accounts.close_entry": _("Directory: entry closed"),
        "accounts.reopen_entry": _("Directory: entry opened again"),
        "accounts.import_entries": _("Directory: entries imported from a file"),
        "accounts.create_person": _("Person added"),
        "accounts.upload_people": _("Import: file of people uploaded"),
        "accounts.check_import": _("Import: columns and options chosen, the file checked"),
        "accounts.export_absent": _("Import: list of accounts to close exported"),
        "accounts.apply_import": _("Import: applying began"),
        "accounts.hold_back_import": _("Import: nothing written, some lines became wrong"),
        "accounts.import_people": _("People imported from a file"),
        "accounts.cancel_import": _("Import: cancelled"),
        "accounts.expire_import": _("Import: file removed, nobody went on with it"),
        "accounts.fail_import": _("Import: ended by trouble"),
        "accounts.admit_from_sso": _("Person admitted by the company’s sign-in"),
        "accounts.meet_by_address": _("Account that was never used matched by its address"),
        "accounts.supersede_unconfirmed": _("Account that only claimed an address closed: its owner came"),
        "accounts.refuse_sign_in": _("Sign-in refused: the address belongs to another account"),
        "accounts.take_over_email": _("E-mail address taken over from the company’s sign-in"),
        "accounts.tie_identity": _("Refused sign-in tied to the account: the same person"),
        "accounts.give_address_away": _("Address given to another person, the account closed"),
        "accounts.dismiss_refused": _("Refused sign-in left refused"),
        "accounts.untie_identity": _("Identity removed from a person"),
        "accounts.change_organisation": _("Organisation’s name, contacts or approved tools changed"),
        "accounts.test_mail": _("Test e-mail sent"),
        "accounts.change_sign_in_rules": _("Sign-in rules changed"),
        "accounts.invite_person": _("Person invited"),
        "accounts.update_person": _("Name or place in the company changed"),
        "accounts.change_email": _("E-mail address changed"),
        "accounts.set_roles": _("Roles changed"),
        "accounts.deactivate_person": _("Account closed"),
        "accounts.activate_person": _("Account opened again"),
        "accounts.sign_out_elsewhere": _("Signed out everywhere else"),
        "accounts.sign_out_person": _("Person signed out everywhere"),
    }
)


def _field(name: str) -> str:
    try:
        return capfirst(str(User._meta.get_field(name).verbose_name))  # type: ignore[union-attr]  # no relation back
    except FieldDoesNotExist:  # a field that an earlier release had
        return name


def _told_person(details: dict[str, Any]) -> list[str]:
    """What changed in a place in the company, by code; of a name, only that it was changed."""
    places = details.get("changes", {})
    return [
        gettext("%(field)s: %(before)s → %(after)s")
        % {"field": _field(name), "before": places[name][0] or "—", "after": places[name][1] or "—"}
        if name in places
        else _field(name)
        for name in details.get("fields", [])
    ]


def _roles(codes: list[str]) -> str:
    labels = dict(Role.choices)
    return ", ".join(str(labels.get(code, code)) for code in codes)


def _told_roles(details: dict[str, Any]) -> list[str]:
    given, taken = details.get("added"), details.get("removed")
    told = [gettext("Given: %(roles)s") % {"roles": _roles(given)}] if given else []
    return told + ([gettext("Taken away: %(roles)s") % {"roles": _roles(taken)}] if taken else [])


audit.tell({"accounts.update_person": _told_person, "accounts.set_roles": _told_roles})
