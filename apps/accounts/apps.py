from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from apps.core import attention, loading, navigation, search
        from apps.core.navigation import Place

        from . import signals  # noqa: F401  connects the receivers
        from .attention import refused_sign_ins
        from .demo import load_world, sources
        from .search import find_people

        attention.declare(
            attention.Look("accounts.refused", _("Refused sign-ins"), "accounts.manage_people", refused_sign_ins, order=20)
        )
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
        search.declare(search.Source("people", _("People"), find_people, order=40))
        loading.declare(loading.Load("accounts.demo", load_world, order=20, sources=sources, demo=True))
