"""Fill a fresh data folder: people who are entitled to use AI, each with a session, and the upstream as the model's provider.

    python -m bench.seed --users 100 [--upstream URL]    prints one JSON list of session cookies

Run by `bench.server` in a process of its own, with the server's environment.
"""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

import django


def people(count: int) -> list[str]:
    """Create `count` trained people and return the cookie of a session of each."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.db import transaction
    from django.utils import timezone

    from apps.access import capabilities
    from apps.access.enums import AwardSource
    from apps.access.models import Award, CharterSignature, Requirement, Training
    from apps.access.queries import current_charter
    from apps.accounts.models import User

    with transaction.atomic():
        users = User.objects.bulk_create(
            [User(email=f"bench{n}@alcyon.example", first_name="Bench", last_name=str(n), password="!") for n in range(count)]
        )
        for capability in capabilities.all_capabilities():
            if not Requirement.objects.filter(capability=capability.code).exists():
                training, _ = Training.objects.get_or_create(code="bench", defaults={"title_fr": "Mesure", "title_en": "Bench"})
                Requirement.objects.create(capability=capability.code, training=training)
        Award.objects.bulk_create(
            Award(user=user, training=training, major=training.current_major, source=AwardSource.MANUAL)
            for training in Training.objects.all()
            for user in users
        )
        charter = current_charter()
        if charter is not None:
            CharterSignature.objects.bulk_create(CharterSignature(user=user, charter=charter, language="fr") for user in users)
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--upstream", default="")
    options = parser.parse_args()
    django.setup()

    from django.conf import settings

    from apps.server.preparation import prepare

    prepare(settings.HOME)
    if options.upstream:
        from apps.gateway.services import register_embedded

        register_embedded(base_url=options.upstream, api_key="bench")
    print(json.dumps(people(options.users)))


if __name__ == "__main__":
    main()
