from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .models import User


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from apps.core import navigation
        from apps.core.navigation import Place, Tab

        from . import signals  # noqa: F401  connects the receivers
        from .queries import count_refused

        def may_manage(user: User) -> bool:
            return user.has_perm("accounts.manage_people")

        navigation.declare(Place(_("My account"), "user", "accounts:account", area="own", order=10))
        navigation.declare(
            Place(
                _("People"),
                "users",
                "accounts:people",
                area="staff",
                order=100,
                shown_to=lambda user: user.has_perm("accounts.see_people"),
            )
        )
        navigation.declare_tabs(
            "people",
            _("People"),
            Tab(_("People"), "accounts:people"),
            Tab(_("Refused sign-ins"), "accounts:refused_sign_ins", may_manage, count_refused),
            Tab(_("Sign-in rules"), "accounts:sign_in_rules", may_manage),
        )
