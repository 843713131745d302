"""Three people and what they did, written into a running Almia by its own `manage.py shell`.

They belong to the crawl alone, so that nothing it needs is used up by another test, and nothing it does disturbs another.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.urls import reverse
from django.utils import timezone

from apps.access.enums import AwardSource
from apps.access.models import Training
from apps.access.queries import current_charter
from apps.access.services import award_training, grant_waiver, sign_charter
from apps.accounts.enums import Role
from apps.accounts.models import Department, Entity, JobRole, Site, User
from apps.accounts.services import create_person, set_roles
from apps.core.enums import MessageState
from apps.core.models import OutboxMessage
from apps.learning.models import Course
from apps.learning.services import submit_attempt
from tests.accounts.importing import checked, uploaded
from tests.factories.chat import make_conversation
from tests.factories.learning import finish_lessons, pass_course, take_quiz

from .people import ADMINISTRATOR, EMPLOYEE, GUEST, NEWCOMER, PASSWORD

MARKDOWN = """# Le devis

Voici ce que dit le dossier, **point par point** :

1. Le contrat *Sérénité* couvre l’hospitalisation.
2. Le délai de carence est de `3 mois`.

> À vérifier auprès du gestionnaire.

## Le tableau

| Garantie | Taux de remboursement de la Sécurité sociale | Plafond annuel | Délai |
|---|---:|---:|---|
| Hospitalisation complète en chambre particulière | 100 % | 2 000 € | aucun |
| Optique | 60 % | 450 € | 3 mois |

```python
def reste_a_charge(depense: float, base_de_remboursement: float, taux: float, participation_forfaitaire: float = 2.0) -> float:
    return depense - base_de_remboursement * taux + participation_forfaitaire
```

Un mot très long : Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.
"""


def set_scene() -> None:
    """Enter the people once; a second call removes the second step of signing in again and changes nothing else."""
    if User.objects.filter(email=NEWCOMER).exists():
        Authenticator.objects.filter(user__email=EMPLOYEE).delete()
        return
    newcomer, employee, administrator = _enter()
    for person in (employee, administrator):
        _prove(person)
    _learn(employee)
    _talk(employee)
    _trouble(newcomer, administrator)
    _import(administrator)
    make_conversation(administrator, ("Bonjour", "Bonjour."), title="Une seule")


def give_second_factor() -> None:
    """Give the employee an authenticator application and recovery codes."""
    employee = User.objects.get(email=EMPLOYEE)
    TOTP.activate(employee, generate_totp_secret())
    RecoveryCodes.activate(employee)


def open_session() -> str:
    """Return the key of a session of somebody who has no password: they came in through the company."""
    guest = User.objects.filter(email=GUEST).first() or create_person(
        email=GUEST, first_name="Aurore", last_name="Sansmotdepasse", actor=None
    )
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(guest.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = guest.get_session_auth_hash()
    session["account_authentication_methods"] = [
        {"method": "socialaccount", "at": timezone.now().timestamp(), "reauthenticated": True}
    ]
    session.create()
    return str(session.session_key)


def history_url() -> str:
    """Return where the history of the employee is: their page leads there once it is longer than one page."""
    return reverse("portal:person_history", args=[User.objects.get(email=EMPLOYEE).pk])


def _enter() -> tuple[User, User, User]:
    newcomer = create_person(email=NEWCOMER, first_name="Noé", last_name="Débutant", password=PASSWORD, actor=None)
    employee = create_person(
        email=EMPLOYEE,
        first_name="Marie-Emmanuelle",
        last_name="de La Rochefoucauld-Vandenbroucke",
        entity=Entity.objects.order_by("name").last(),
        department=Department.objects.order_by("code").first(),
        site=Site.objects.order_by("code").first(),
        job_role=JobRole.objects.order_by("code").first(),
        password=PASSWORD,
        actor=None,
    )
    administrator = create_person(email=ADMINISTRATOR, first_name="Ada", last_name="Régisseur", password=PASSWORD, actor=None)
    set_roles(user=administrator, roles=[Role.ADMINISTRATOR], actor=None)
    who = {"iss": "https://a-rather-long-issuer.alcyon.example/realms/alcyon", "sub": "c7f0f1a2-6a0e-4d53-9f5e-3b8f2f6f0a11"}
    SocialAccount.objects.create(user=employee, provider="openid_connect", uid="crawl", extra_data=who)
    return newcomer, employee, administrator


def _prove(person: User) -> None:
    """Everything that the chat requires, and about to end."""
    for training in Training.objects.all():
        award_training(
            user=person,
            training=training,
            major=training.current_major,
            source=AwardSource.IMPORT,
            expires_at=timezone.now() + timedelta(days=20),
            evidence="scene",
        )
    charter = current_charter()
    assert charter is not None
    sign_charter(user=person, version=charter.version, language="fr")


def _learn(person: User) -> None:
    """A course that is passed, one whose quiz was failed, one whose quiz is under way."""
    passed, failed, begun = Course.objects.order_by("order")[:3]
    pass_course(person, passed)
    for course in (failed, begun):
        finish_lessons(person, course)
    submit_attempt(attempt=take_quiz(person, failed, wrong=30))
    take_quiz(person, begun)


def _talk(person: User) -> None:
    make_conversation(person, ("Que couvre ce contrat ?", MARKDOWN), ("Merci", "Avec plaisir."), title="Le contrat Sérénité")
    make_conversation(
        person, ("Bonjour", "Bonjour."), title="Anticonstitutionnellementinterminablement et d’autres mots qui n’en finissent pas"
    )


def _trouble(person: User, actor: User) -> None:
    """What staff have to look after: a waiver, and a task that gave up."""
    training = Training.objects.order_by("order").first()
    assert training is not None
    grant_waiver(
        user=person, training=training, reason="A enseigné cela", expires_at=timezone.now() + timedelta(days=9), actor=actor
    )
    now = timezone.now()
    OutboxMessage.objects.create(
        task="accounts.send_invitation",
        arguments={"user_id": str(person.pk)},
        state=MessageState.DEAD,
        attempts=5,
        started_at=now,
        finished_at=now,
        last_error="SMTPServerDisconnected: Connection unexpectedly closed: a.long.name.of.a.host.that.does.not.break.example",
    )


def _import(actor: User) -> None:
    """A file of people whose columns nobody has chosen, and one that is checked, with a wrong line."""
    uploaded("Adresse;Prénom;Nom\ncamille.roy@alcyon.example;Camille;Roy\n", actor=actor, name="arrivées de septembre.csv")
    lines = (
        "email;first_name;last_name;department\n"
        + "alix.morel@alcyon.example;Alix;Morel;nouveau\n"
        + "alix(at)alcyon;Alix;Morel;\n"
    )
    checked(lines, actor=actor, good=True)
