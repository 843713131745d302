from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    name = "apps.learning"
    verbose_name = _("Learning")

    def ready(self) -> None:
        from apps.access import capabilities
        from apps.accounts import panels
        from apps.core.navigation import Place, Tab, declare, declare_tabs

        from .policies import can_manage_courses
        from .queries import certificate_links, courses_panel, training_url

        capabilities.offer_training_link(training_url)
        capabilities.offer_certificates(certificate_links)
        declare(
            Place(
                label=_("Learn"),
                icon="book-open",
                url_name="learning:catalogue",
                order=20,
                active_under=("learning",),
            )
        )
        declare(
            Place(
                label=_("Courses"),
                icon="graduation-cap",
                url_name="learning:staff_courses",
                area="staff",
                order=300,
                shown_to=can_manage_courses,
            )
        )
        declare_tabs(
            "course",
            _("This course"),
            Tab(_("Figures"), "learning:staff_course"),
            Tab(_("People"), "learning:staff_people"),
        )
        panels.declare(panels.Panel("person", "learning/staff/_person.html", courses_panel, order=20))
