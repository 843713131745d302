from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from apps.core import navigation, past
        from apps.core.navigation import Place

        from . import signals  # noqa: F401  connects the receivers
        from .enums import Role
        from .past import write_people
        from .roles import grant

        grant(Role.TRAINER, "accounts.see_people")
        grant(Role.ADMINISTRATOR, "accounts.see_people", "accounts.manage_people")
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
        past.declare(past.Chapter("people", write_people, order=10))
