from __future__ import annotations

from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission

from apps.accounts.models import Department, Entity, JobRole, Site, User

PASSWORD = "correct-horse-battery"
# Hashed once: most tests are not about the cost of a password.
_HASHED: dict[str, str] = {}


def _hashed(password: str) -> str:
    if password not in _HASHED:
        _HASHED[password] = make_password(password)
    return _HASHED[password]


class EntityFactory(factory.django.DjangoModelFactory[Entity]):
    class Meta:
        model = Entity

    code = factory.Sequence(lambda n: f"entity-{n}")
    name = factory.Sequence(lambda n: f"Alcyon {n}")


class DepartmentFactory(factory.django.DjangoModelFactory[Department]):
    class Meta:
        model = Department

    code = factory.Sequence(lambda n: f"department-{n}")
    name_fr = factory.Sequence(lambda n: f"Direction {n}")
    name_en = factory.Sequence(lambda n: f"Department {n}")


class SiteFactory(factory.django.DjangoModelFactory[Site]):
    class Meta:
        model = Site

    code = factory.Sequence(lambda n: f"site-{n}")
    name = factory.Sequence(lambda n: f"Site {n}")
    city = "Nantes"


class JobRoleFactory(factory.django.DjangoModelFactory[JobRole]):
    class Meta:
        model = JobRole

    code = factory.Sequence(lambda n: f"job-{n}")
    name_fr = factory.Sequence(lambda n: f"Métier {n}")
    name_en = factory.Sequence(lambda n: f"Job {n}")


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person who can sign in with `PASSWORD`. `permissions=["accounts.see_people"]` gives rights."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@alcyon.example")
    first_name = "Camille"
    last_name = factory.Sequence(lambda n: f"Durand{n}")
    password = factory.LazyFunction(lambda: _hashed(PASSWORD))

    @factory.post_generation
    def permissions(self, create: bool, extracted: list[str] | None, **kwargs: Any) -> None:
        for name in extracted or []:
            app, codename = name.split(".")
            self.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
