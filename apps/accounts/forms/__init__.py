from .directory import EntryForm, MergeForm, TableForm
from .identities import DecisionForm, SignInRulesForm
from .imports import ApplyForm, CodesForm, ColumnsForm
from .organisation import TOOLS, OrganisationForm, ToolFormSet
from .sign_in import (
    ActivateTOTPForm,
    AddPasskeyForm,
    ChangePasswordForm,
    LoginForm,
    NoFurtherEmailForm,
    PasskeyAgainForm,
    PasskeyLoginForm,
    PasskeySecondFactorForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SecondFactorAgainForm,
    SecondFactorForm,
    SetPasswordForm,
    SignupForm,
)
from .staff import PeopleFilter, PersonForm, ReasonForm, RolesForm
from .tokens import SignOutForm, TokenForm

__all__ = [
    "TOOLS",
    "ActivateTOTPForm",
    "AddPasskeyForm",
    "ApplyForm",
    "ChangePasswordForm",
    "CodesForm",
    "ColumnsForm",
    "DecisionForm",
    "EntryForm",
    "LoginForm",
    "MergeForm",
    "NoFurtherEmailForm",
    "OrganisationForm",
    "PasskeyAgainForm",
    "PasskeyLoginForm",
    "PasskeySecondFactorForm",
    "PeopleFilter",
    "PersonForm",
    "ReasonForm",
    "ReauthenticateForm",
    "ResetPasswordForm",
    "ResetPasswordKeyForm",
    "RolesForm",
    "SecondFactorAgainForm",
    "SecondFactorForm",
    "SetPasswordForm",
    "SignInRulesForm",
    "SignOutForm",
    "SignupForm",
    "TableForm",
    "TokenForm",
    "ToolFormSet",
]
