"""What this app writes into the audit trail, as staff read it. Loaded at start by `core.apps`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.core import audit

audit.declare(
    {
        "learning.enrol": _("Course begun"),
        "learning.start_attempt": _("Quiz begun"),
        "learning.submit_attempt": _("Quiz handed in"),
        "learning.publish_course": _("Course published"),
        "learning.choose_job_examples": _("Examples by job chosen"),
        "learning.export_progress": _("Progress of people exported"),
    }
)
