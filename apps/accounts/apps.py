from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from apps.core import navigation, variables
        from apps.core.navigation import Place

        from . import signals  # noqa: F401  connects the receivers
        from .enums import Role
        from .organisation import ArticleVariables
        from .roles import grant

        grant(Role.ADMINISTRATOR, "accounts.manage_organisation")
        variables.offer(ArticleVariables())
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
        navigation.declare(
            Place(
                _("Organisation"),
                "building",
                "accounts:organisation",
                area="staff",
                order=90,
                shown_to=lambda user: user.has_perm("accounts.manage_organisation"),
            )
        )
