"""Fill a fresh data folder: people, each with a session, and the upstream as the model's provider.

    python -m bench.seed --users 100 [--upstream URL]     people entitled to use AI
    python -m bench.seed --users 0 --learners 50          and people one submission away from it
    python -m bench.seed --proofs                         changes nothing; counts what the learners have

prints one JSON object. Run by `bench.server` in a process of its own, with the server's environment.
"""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from apps.accounts.models import User

LEARNER = "learner"


def new_people(kind: str, count: int) -> list[User]:
    """Create `count` people who have proved nothing."""
    from apps.accounts.models import User

    return User.objects.bulk_create(
        [User(email=f"{kind}{n}@alcyon.example", first_name="Bench", last_name=str(n), password="!") for n in range(count)]
    )


def sign_charter(users: list[User]) -> None:
    from apps.access.models import CharterSignature
    from apps.access.queries import current_charter

    charter = current_charter()
    if charter is not None:
        CharterSignature.objects.bulk_create(CharterSignature(user=user, charter=charter, language="fr") for user in users)


def sign_in(users: list[User]) -> list[str]:
    """Return the cookie of a new session of each."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    store, cookies, rows = SessionStore(), [], []
    for user in users:
        key = store._get_new_session_key()  # type: ignore[attr-defined]
        content = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        rows.append(
            Session(
                session_key=key,
                session_data=store.encode(content),
                expire_date=timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE),
            )
        )
        cookies.append(key)
    Session.objects.bulk_create(rows)
    return cookies


def people(count: int) -> list[str]:
    """Create `count` trained people and return the cookie of a session of each."""
    from django.db import transaction

    from apps.access import capabilities
    from apps.access.enums import AwardSource
    from apps.access.models import Award, Requirement, Training

    with transaction.atomic():
        users = new_people("bench", count)
        for capability in capabilities.all_capabilities():
            if not Requirement.objects.filter(capability=capability.code).exists():
                training, _ = Training.objects.get_or_create(code="bench", defaults={"title_fr": "Mesure", "title_en": "Bench"})
                Requirement.objects.create(capability=capability.code, training=training)
        Award.objects.bulk_create(
            Award(user=user, training=training, major=training.current_major, source=AwardSource.MANUAL)
            for training in Training.objects.all()
            for user in users
        )
        sign_charter(users)
        return sign_in(users)


def learners(count: int) -> tuple[list[str], list[str]]:
    """Create `count` people who signed the charter, passed all courses but the last, and answered all of its quiz, rightly.

    Returns the cookie of a session and the open attempt of each.
    """
    from django.db import transaction
    from django.utils import timezone

    from apps.access.enums import AwardSource
    from apps.access.models import Award
    from apps.learning.models import Course, Enrolment, Lesson, LessonProgress, Response
    from apps.learning.services import start_attempt

    *passed, last = Course.objects.select_related("training", "current").order_by("training__order")
    lessons = list(Lesson.objects.live().filter(course=last))
    with transaction.atomic():
        users = new_people(LEARNER, count)
        Award.objects.bulk_create(
            Award(user=user, training=course.training, major=course.training.current_major, source=AwardSource.MANUAL)
            for course in passed
            for user in users
        )
        sign_charter(users)
        enrolments = Enrolment.objects.bulk_create([Enrolment(user=user, course=last) for user in users])
        LessonProgress.objects.bulk_create(
            LessonProgress(enrolment=enrolment, lesson=lesson, done_at=timezone.now())
            for enrolment in enrolments
            for lesson in lessons
        )
        attempts = [start_attempt(user=user, course=last).pk for user in users]
        responses = list(Response.objects.filter(attempt__in=attempts).select_related("question"))
        for response in responses:
            response.answer, response.answered_at = right_answer(response.question.body), timezone.now()
        Response.objects.bulk_update(responses, ["answer", "answered_at"], batch_size=500)
        return sign_in(users), [str(attempt) for attempt in attempts]


def right_answer(question: Any) -> Any:
    if question.kind == "classify":
        return {item.id: item.category for item in question.items}
    return sorted(choice.id for choice in question.choices if choice.correct)


def proofs() -> dict[str, dict[str, int]]:
    """Return how many awards of the last course and how many certificates each learner has."""
    from django.db.models import Count

    from apps.accounts.models import User
    from apps.learning.models import Certificate, Course

    last = Course.objects.order_by("training__order").last()
    known = User.objects.filter(email__startswith=LEARNER)
    awards = known.filter(awards__training=last.training_id) if last else known.none()
    certificates = Certificate.objects.filter(attempt__enrolment__user__in=known)
    return {
        "awards": {str(pk): count for pk, count in awards.order_by().values_list("pk").annotate(Count("awards"))},
        "certificates": {
            str(pk): count for pk, count in certificates.order_by().values_list("attempt__enrolment__user").annotate(Count("pk"))
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=0)
    parser.add_argument("--learners", type=int, default=0)
    parser.add_argument("--upstream", default="")
    parser.add_argument("--proofs", action="store_true")
    options = parser.parse_args()
    django.setup()
    if options.proofs:
        print(json.dumps(proofs()))
        return

    from django.conf import settings

    from apps.server.preparation import prepare

    prepare(settings.HOME)
    if options.upstream:
        from apps.gateway.services import register_embedded

        register_embedded(base_url=options.upstream, api_key="bench")
    sessions, attempts = learners(options.learners) if options.learners else ([], [])
    print(json.dumps({"sessions": [*people(options.users), *sessions], "attempts": attempts}))


if __name__ == "__main__":
    main()
