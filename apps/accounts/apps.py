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
        from apps.core import api, attention, loading, markdown, navigation, past, search
        from apps.core.navigation import Place, Tab

        from . import scopes, signals  # noqa: F401  connects the receivers
        from .attention import refused_sign_ins
        from .demo import load_world, sources
        from .enums import Role
        from .organisation import ArticleVariables
        from .past import write_people
        from .queries import count_refused
        from .roles import grant
        from .search import find_people

        def may_manage(user: User) -> bool:
            return user.has_perm("accounts.manage_people")

        grant(Role.TRAINER, "accounts.see_people")
        grant(Role.ADMINISTRATOR, "accounts.see_people", "accounts.manage_people", "accounts.manage_organisation")
        grant(Role.ADMINISTRATOR, "accounts.manage_directory")
        markdown.offer_variables(ArticleVariables())
        api.declare("apps.accounts.api.views")
        scopes.declare(api.READ, _("See your profile, your rights, the courses and your progress"), order=10)
        scopes.declare(api.WRITE, _("Change and delete what the other rights let it see"), order=900)
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
        past.declare(past.Chapter("people", write_people, order=10))
        search.declare(search.Source("people", _("People"), find_people, order=40))
        loading.declare(loading.Load("accounts.demo", load_world, order=20, sources=sources, demo=True))
        navigation.declare_tabs(
            "people",
            _("People"),
            Tab(_("People"), "accounts:people"),
            Tab(_("Directory"), "accounts:directory", lambda user: user.has_perm("accounts.manage_directory")),
            Tab(_("Refused sign-ins"), "accounts:refused_sign_ins", may_manage, count_refused),
            Tab(_("Sign-in rules"), "accounts:sign_in_rules", may_manage),
        )
