from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    name = "apps.learning"
    verbose_name = _("Learning")

    def ready(self) -> None:
        from apps.access import capabilities, home
        from apps.accounts import panels
        from apps.accounts.enums import Role
        from apps.accounts.roles import grant
        from apps.core import api, attention, loading, past, search, setting_up
        from apps.core.navigation import Place, Tab, declare, declare_tabs

        from . import setting_up as looks
        from .attention import reviews_due
        from .jobs import examples_card
        from .loading import load_content, sources
        from .past import write_learning
        from .policies import can_manage_courses
        from .queries import certificate_links, courses_panel, training_url
        from .search import find_courses
        from .stages import stages_for

        for role in (Role.TRAINER, Role.ADMINISTRATOR):
            grant(role, "learning.manage_courses")
        api.declare("apps.learning.api")
        attention.declare(
            attention.Look("learning.reviews", _("Course reviews"), "learning.manage_courses", reviews_due, order=70)
        )
        loading.declare(loading.Load("learning.content", load_content, order=10, sources=sources))
        capabilities.offer_training_link(training_url)
        home.offer_stages(stages_for)
        home.show(home.Card("learning/_home_examples.html", examples_card, order=10, wide=True, on_the_way=True))
        capabilities.offer_certificates(certificate_links)
        declare(
            Place(
                label=_("Learn"),
                icon="book-open",
                url_name="learning:catalogue",
                order=20,
                active_under=("learning",),
                bar=2,
            )
        )
        declare(
            Place(
                label=_("Courses"),
                icon="graduation-cap",
                url_name="learning:staff_courses",
                area="staff",
                group="ai",
                order=300,
                shown_to=can_manage_courses,
                active_under=("learning:job_examples",),
            )
        )
        declare_tabs(
            "courses",
            _("Courses"),
            Tab(_("Courses"), "learning:staff_courses"),
            Tab(_("Examples by job"), "learning:job_examples"),
        )
        declare_tabs(
            "course",
            _("This course"),
            Tab(_("Figures"), "learning:staff_course"),
            Tab(_("People"), "learning:staff_people"),
        )
        panels.declare(panels.Panel("person", "learning/staff/_person.html", courses_panel, order=20))
        past.declare(past.Chapter("learning", write_learning, order=30))
        search.declare(search.Source("courses", _("Courses and lessons"), find_courses, order=30))
        setting_up.declare(
            setting_up.Step(
                "courses",
                _("Courses"),
                _("What people learn before AI opens to them, in French and English."),
                "learning.manage_courses",
                looks.courses,
                "learning:staff_courses",
                _("Publish the courses"),
                order=70,
            )
        )
