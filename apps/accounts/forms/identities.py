from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.enums import Decision
from apps.accounts.models import RefusedSignIn, SignInRules

if TYPE_CHECKING:
    RulesModelForm = forms.ModelForm[SignInRules]
else:
    RulesModelForm = forms.ModelForm

REASON_REQUIRED = _("Say why: it is kept in the audit trail.")


class SignInRulesForm(RulesModelForm):
    class Meta:
        model = SignInRules
        fields = ("meet_by_address", "take_names", "take_address")
        labels = {
            "meet_by_address": _("An account that was added and never used may be matched by its address, once"),
            "take_names": _("First and last name follow the company’s sign-in"),
            "take_address": _("The e-mail address follows the company’s sign-in"),
        }
        help_texts = {
            "meet_by_address": _(
                "This is how people whom you added or imported come in the first time: with a confirmed address, into an "
                "account that nobody has opened, without a password and without a role. Switched off, each first sign-in to such "
                "an account waits for your decision."
            ),
            "take_names": _("At each sign-in. Switched off, names stay as they are here."),
            "take_address": _(
                "Only an address that is confirmed and that nobody else has here. If somebody has it, the person comes in with "
                "the address they had, and you see the conflict among the refused sign-ins."
            ),
        }
        widgets = {name: forms.CheckboxInput(attrs={"role": "switch"}) for name in fields}


class DecisionForm(forms.Form):
    """What staff decide about a refused sign-in: only what is possible for it can be chosen."""

    decision = forms.ChoiceField(
        label=_("Who is it?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of these.")},
    )
    replace = forms.BooleanField(
        label=_("The identities tied to this account until now no longer open it"),
        required=False,
        help_text=_("If it is the same person: tick it when their company gave them a new identity in place of the old one."),
    )
    reason = forms.CharField(
        label=_("Why?"),
        max_length=500,
        help_text=_("How you know. It is kept in the audit trail."),
        error_messages={"required": REASON_REQUIRED},
    )

    def __init__(self, *args: Any, refused: RefusedSignIn, tied: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = {"email": refused.email}
        if refused.person_id is not None:
            same, another = None, _("The address %(email)s is theirs now: remove it from the other account and close that one")
        else:
            same = _("The same person: this sign-in opens the account from now on")
            another = _("Another person, who has %(email)s now: close the account, and they get one of their own")
        dismiss = _("Neither, or not known: nothing changes")
        choices: list[tuple[str, Any]] = []
        if same is not None:
            choices.append((Decision.SAME.value, same))
        if refused.is_verified:
            choices.append((Decision.ANOTHER.value, another % email))
        self.fields["decision"].choices = [*choices, (Decision.DISMISS.value, dismiss)]  # type: ignore[attr-defined]
        if same is None or not tied:
            del self.fields["replace"]

    def replaces(self) -> bool:
        return bool(self.cleaned_data.get("replace"))
