"""Fill a fresh data folder: people, each with a session, and the upstream as the model's provider.

    python -m bench.seed --users 100 [--upstream URL]     people entitled to use AI
    python -m bench.seed --users 0 --learners 50          and people one submission away from it
    python -m bench.seed --people 15000                   and a made-up past, with the pages that `bench.pages` asks for
    python -m bench.seed --queries JSON                   changes nothing; counts the queries of such pages
    python -m bench.seed --proofs                         changes nothing; counts what the learners have

prints one JSON object. Run by `bench.server` in a process of its own, with the server's environment.
"""

from __future__ import annotations

import argparse
import json
import sys
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
    """Create `count` people who signed the charter, passed all courses but the last, and answered all of its quiz correctly.

    Returns for each the cookie of a session and the open attempt.
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


def populate(count: int) -> dict[str, dict[str, Any]]:
    """Write the past of `count` people; return the pages to request: by name, its path, a session, the rows behind it."""
    from django.core.management import call_command
    from django.db.models import Count
    from django.urls import reverse

    from apps.access.models import Award
    from apps.accounts.enums import Role
    from apps.accounts.models import User
    from apps.accounts.services.people import set_roles
    from apps.chat.models import Message
    from apps.learning.models import Course, Enrolment, LessonProgress

    call_command("populate", people=count, verbosity=0)
    administrator = new_people("administrator", 1)[0]
    set_roles(user=administrator, roles={Role.ADMINISTRATOR}, actor=None)
    sign_charter([administrator])
    talker = User.objects.annotate(talks=Count("conversations")).order_by("-talks", "email").first()
    course = Course.objects.order_by("order").first()
    if talker is None or course is None or not talker.conversations.exists():
        raise RuntimeError("Nobody has a conversation, or there is no course: ask for more people.")
    learner_session, administrator_session = sign_in([talker, administrator])
    enrolment = Enrolment.objects.filter(user=talker).select_related("current_lesson", "course").order_by("started_at").first()
    if enrolment is None or enrolment.current_lesson is None:
        raise RuntimeError("Nobody is in a lesson: ask for more people.")
    conversation = talker.conversations.annotate(length=Count("messages")).order_by("-length", "pk").first()
    if conversation is None:
        raise RuntimeError("Nobody has a conversation: ask for more people.")
    lesson = reverse("learning:lesson", args=[enrolment.course.code, enrolment.current_lesson.code])

    def page(path: str, session: str, rows: int) -> dict[str, Any]:
        return {"path": path, "session": session, "rows": rows}

    return {
        "home": page(reverse("portal:home"), learner_session, LessonProgress.objects.count()),
        "lesson": page(lesson, learner_session, LessonProgress.objects.count()),
        "conversation": page(reverse("chat:conversation", args=[conversation.pk]), learner_session, Message.objects.count()),
        "learners": page(
            reverse("learning:staff_people", args=[course.code]),
            administrator_session,
            Enrolment.objects.filter(course=course).count(),
        ),
        "people": page(reverse("accounts:people"), administrator_session, User.objects.count()),
        "person": page(reverse("accounts:person", args=[talker.pk]), administrator_session, Award.objects.count()),
    }


def queries(pages: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Return how many queries each page sends, in a process that has served it before."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    counts = {}
    for name, page in pages.items():
        client = Client(SERVER_NAME="127.0.0.1")
        for _warm_up in range(2):
            client.cookies[settings.SESSION_COOKIE_NAME] = page["session"]
            with CaptureQueriesContext(connection) as sent:
                answer = client.get(page["path"])
        if answer.status_code != 200:
            raise RuntimeError(f"{page['path']} says {answer.status_code}.")
        counts[name] = len(sent)
        for query in sent.captured_queries:
            print(f"{name}: {query['sql'][:400]}", file=sys.stderr)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=0)
    parser.add_argument("--learners", type=int, default=0)
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--queries", default="")
    parser.add_argument("--upstream", default="")
    parser.add_argument("--proofs", action="store_true")
    options = parser.parse_args()
    django.setup()
    if options.proofs:
        print(json.dumps(proofs()))
        return
    if options.queries:
        print(json.dumps(queries(json.loads(options.queries))))
        return

    from django.conf import settings

    from apps.server.preparation import prepare

    prepare(settings.HOME)
    if options.upstream:
        from apps.gateway.services import register_embedded

        register_embedded(base_url=options.upstream, api_key="bench")
    sessions, attempts = learners(options.learners) if options.learners else ([], [])
    pages = populate(options.people) if options.people else {}
    print(json.dumps({"sessions": [*people(options.users), *sessions], "attempts": attempts, "pages": pages}))


if __name__ == "__main__":
    main()
