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
        from apps.core import api, attention, loading, navigation, past, search, setting_up, variables
        from apps.core.navigation import Group, Place, Tab

        from . import scopes, signals  # noqa: F401  connects the receivers
        from . import setting_up as looks
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
        variables.offer(ArticleVariables())
        api.declare("apps.accounts.api.views")
        scopes.declare(api.READ, _("See your profile, your rights, the courses and your progress"), order=10)
        scopes.declare(api.WRITE, _("Change and delete what the other rights let it see"), order=900)
        attention.declare(
            attention.Look("accounts.refused", _("Refused sign-ins"), "accounts.manage_people", refused_sign_ins, order=20)
        )
        navigation.declare_group("people", Group(_("People and access"), order=100))
        navigation.declare(Place(_("My account"), "user", "accounts:account", area="own", order=10))
        navigation.declare(
            Place(
                _("People"),
                "users",
                "accounts:people",
                area="staff",
                group="people",
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
                group="people",
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
            Tab(_("Imports"), "accounts:imports", may_manage),
            Tab(_("Refused sign-ins"), "accounts:refused_sign_ins", may_manage, count_refused),
            Tab(_("Sign-in rules"), "accounts:sign_in_rules", may_manage),
        )
        for step in (
            setting_up.Step(
                "organisation",
                _("Organisation"),
                _("What the company is called and whom people ask, in courses, the charter and e-mails."),
                "accounts.manage_organisation",
                looks.organisation,
                "accounts:organisation",
                _("Name the company"),
                order=10,
            ),
            setting_up.Step(
                "directory",
                _("Directory"),
                _("Entities, departments, sites and jobs: where people belong, and what figures are broken down by."),
                "accounts.manage_directory",
                looks.directory,
                "accounts:directory",
                _("Fill in the directory"),
                order=20,
            ),
            setting_up.Step(
                "sign-in",
                _("Sign-in"),
                _("The company’s own sign-in, so that nobody needs another password."),
                "accounts.manage_people",
                looks.sign_in,
                "accounts:sign_in_rules",
                _("See the rules"),
                order=30,
                optional=True,
            ),
            setting_up.Step(
                "mail",
                _("Mail"),
                _("Invitations, forgotten passwords and certificates go out by e-mail."),
                "core.set_up",
                looks.mail,
                order=40,
            ),
            setting_up.Step(
                "people",
                _("First people"),
                _("The people who try it first: added one by one, or from a file."),
                "accounts.manage_people",
                looks.people,
                "accounts:people",
                _("Add people"),
                order=100,
            ),
        ):
            setting_up.declare(step)
