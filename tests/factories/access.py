from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from apps.access.enums import AwardSource
from apps.access.models import Award, Charter, CharterSignature, Requirement, Training, Waiver
from apps.accounts.models import User

from .accounts import UserFactory


class TrainingFactory(factory.django.DjangoModelFactory[Training]):
    class Meta:
        model = Training

    code = factory.Sequence(lambda n: f"training-{n}")
    title_fr = factory.Sequence(lambda n: f"Formation {n}")
    title_en = factory.Sequence(lambda n: f"Training {n}")
    order = factory.Sequence(lambda n: n % 1000)


class CharterFactory(factory.django.DjangoModelFactory[Charter]):
    class Meta:
        model = Charter

    version = factory.Sequence(lambda n: n + 1)
    title_fr = "Charte de l’IA"
    title_en = "AI charter"
    body_fr = "Je relis ce que l’IA écrit."
    body_en = "I read what the AI writes."
    effective_on = factory.LazyFunction(timezone.localdate)


class RequirementFactory(factory.django.DjangoModelFactory[Requirement]):
    """By default: some training at major 1. For the charter: `RequirementFactory(training=None, charter=True)`."""

    class Meta:
        model = Requirement

    capability = "chat.use"
    training = factory.SubFactory(TrainingFactory)


class AwardFactory(factory.django.DjangoModelFactory[Award]):
    class Meta:
        model = Award

    user = factory.SubFactory(UserFactory)
    training = factory.SubFactory(TrainingFactory)
    source = AwardSource.COURSE


class SignatureFactory(factory.django.DjangoModelFactory[CharterSignature]):
    class Meta:
        model = CharterSignature

    user = factory.SubFactory(UserFactory)
    charter = factory.SubFactory(CharterFactory)
    language = "fr"


class WaiverFactory(factory.django.DjangoModelFactory[Waiver]):
    class Meta:
        model = Waiver

    user = factory.SubFactory(UserFactory)
    training = factory.SubFactory(TrainingFactory)
    reason = "Long experience"
    granted_by = factory.SubFactory(UserFactory)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))


def entitled_user(capability: str, **fields: Any) -> User:
    """Return a person who has `capability`: everything it requires is awarded and signed.

    If nothing is required yet, one training is. `fields` go to UserFactory.
    """
    user: User = UserFactory(**fields)
    requirements = list(Requirement.objects.filter(capability=capability).select_related("training"))
    for requirement in requirements or [RequirementFactory(capability=capability)]:
        if requirement.charter:
            today = timezone.localdate()
            charter = Charter.objects.filter(effective_on__lte=today).order_by("-version").first() or CharterFactory()
            SignatureFactory(user=user, charter=charter)
        else:
            AwardFactory(user=user, training=requirement.training, major=requirement.min_major)
    return user
