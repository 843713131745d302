"""What staff who manage courses should look at."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.attention import Attention
from apps.core.dates import day

from .models import Course

REVIEW_WITHIN = timedelta(days=30)


def reviews_due() -> list[Attention]:
    """Return the courses whose review is due within 30 days, or was. One query."""
    today = timezone.localdate()
    due = Course.objects.filter(current__review_due__lte=today + REVIEW_WITHIN).select_related("current")
    found = []
    for course in due.order_by("current__review_due", "order"):
        version = course.published
        assert version.review_due is not None
        late = version.review_due < today
        title = _("The review of “%(course)s” is overdue") if late else _("“%(course)s” is due for review")
        text = _("Its facts and its law must be checked again by %(day)s. Enter the review in its course.yaml.")
        found.append(
            Attention(
                title % {"course": course.title},
                text % {"day": day(version.review_due)},
                "bad" if late else "warm",
                reverse("learning:staff_course", args=[course.code]),
                "book-open",
            )
        )
    return found
