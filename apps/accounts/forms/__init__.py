from .sign_in import (
    ActivateTOTPForm,
    AddPasskeyForm,
    ChangePasswordForm,
    LoginForm,
    NoFurtherEmailForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SecondFactorAgainForm,
    SecondFactorForm,
    SetPasswordForm,
    SignupForm,
)
from .staff import PeopleFilter, PersonForm, ReasonForm, RolesForm, UploadForm
from .tokens import TokenForm

__all__ = [
    "ActivateTOTPForm",
    "AddPasskeyForm",
    "ChangePasswordForm",
    "LoginForm",
    "NoFurtherEmailForm",
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
    "SignupForm",
    "TokenForm",
    "UploadForm",
]
