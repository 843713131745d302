"""The people of a made-up past: as many as requested, spread over the places of the demo world."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from allauth.account.models import EmailAddress
from django.db.models import QuerySet

from apps.core import outbox, sql
from apps.core.enums import MessageState
from apps.core.models import OutboxMessage
from apps.core.past import Past

from . import mail
from .demo import DOMAIN, email_of, load_places
from .demo_world import ANY_JOB, JOBS_OF
from .models import Department, Entity, JobRole, Site, User

FIRST_NAMES = """
Agathe Aïcha Alban Alix Ambre Anaïs Ariane Aurèle Axelle Baptiste Barbara Basile Béatrice Benoît Bertille Bilal Blanche Brice
Camélia Capucine Célestin Chantal Charlotte Clément Coline Constance Damien Dora Edgar Elsa Emmanuel Estelle Farid Félicité
Florian Gabin Garance Ghislaine Guillaume Hanna Hélène Hippolyte Idriss Irène Jasmine Joachim Judith Kamel Lazare Léopold
Lila Loïc Lucile Malo Margaux Marius Mélusine Mohamed Nadir Ninon Oscar Pauline Perrine Rachel Raphaël Rosalie Salomé Samir
Séverine Simon Tanguy Thaïs Timothée Valérie Victor Wendy Yohan Zacharie
"""
LAST_NAMES = """
Abadie Allibert Amsallem Aubertin Auvray Bacquet Balmont Barrault Bellanger Bénichou Berthomier Blancheton Boissonnade
Bouchareb Bourguignat Brunelle Cabrol Cantaloube Carpentras Castaing Cazalis Chauvelon Clairvaux Combarel Cordelier Courtade
Daguerre Dargelos Delmotte Desgranges Diawara Dubreuil Dumoulinet Escoffier Esnault Fabrègue Faucheux Ferrandier Fontbonne
Fournel Galibert Garrigou Gaudemar Gleizes Gourmelon Guéguen Guilbaud Haddadi Hauteville Hérault Issartel Jalabert Jourdanet
Kaddour Keraudren Lagrange Lamoureux Lantier Lavergne Lecourbe Letellier Madrange Maillefer Marcillac Marolleau Mazaugues
Meunerie Miraval Monestier Moutier Navarin Niakaté Oudinot Pagès-Vial Paumier Peyrac Pradelle Puyravaud Quinquis Raimbault
Ravanel Rochebrune Roumégous Sabatié Salvignac Santucci Sarrazin Soubeyran Taillandier Tarascou Tassigny Terrasson Tonnerre
Tréguier Vacquier Vallauris Vaugrenard Verdeilhan Vialard Villard Zanetti
"""
NO_PASSWORD = "!"  # noqa: S105  what no password hashes to
LOST_LETTERS = [
    ("Votre attestation est prête", "SMTPServerDisconnected: Connection unexpectedly closed"),
    ("Invitation à rejoindre Almia", "SMTPRecipientsRefused: {'equipe.2@alcyon.example': (550, b'5.1.1 User unknown')}"),
]
CLOSED = 0.02  # of the people: they have left


def made_up_people() -> QuerySet[User]:
    """Return the active people whom nobody can sign in as with a password: all but the demo accounts."""
    return User.objects.filter(is_active=True, email__endswith=f"@{DOMAIN}").filter(("password__startswith", NO_PASSWORD))


def write_people(past: Past) -> int:
    """Add people until there are `past.people`. Existing people stay as they are; nobody gets a password."""
    load_places()
    known = set(User.objects.values_list("email", flat=True))
    chance = past.random("accounts")
    entities = list(Entity.objects.values_list("pk", flat=True))
    departments = list(Department.objects.order_by("code"))
    sites = list(Site.objects.values_list("pk", flat=True))
    jobs = {job.code: job.pk for job in JobRole.objects.all()}
    people = []
    for first, last, email in _names(past.people - len(known), known, chance):
        joined = past.at_work(past.start - timedelta(days=chance.randrange(1, 60)), chance)
        left = chance.random() < CLOSED
        department = chance.choice(departments)
        person = User(
            email=email,
            first_name=first,
            last_name=last,
            password=NO_PASSWORD,
            entity_id=chance.choice(entities),
            department=department,
            site_id=chance.choice(sites),
            job_role_id=jobs[chance.choice(JOBS_OF.get(department.code, ANY_JOB))],
            language=chance.choices(("", "fr", "en"), (70, 24, 6))[0],
            joined_at=joined,
            is_active=not left,
        )
        person.fold()
        people.append(person)
    User.objects.bulk_create(people, batch_size=500)
    rows = sql.insert_many(
        EmailAddress, ["user_id", "email", "verified", "primary"], ((person.pk, person.email, True, True) for person in people)
    )
    return len(people) + rows + _write_lost_letters(past)


def _write_lost_letters(past: Past) -> int:
    """Leave e-mails that no mail server took: tasks that gave up, to be looked at and replayed."""
    if OutboxMessage.objects.filter(state=MessageState.DEAD).exists():
        return 0
    for number, (subject, why) in enumerate(LOST_LETTERS, 1):
        at = past.until - timedelta(days=number, hours=3 * number)
        message = mail.queue(to=[f"equipe.{number}@{DOMAIN}"], subject=subject, body=subject)
        OutboxMessage.objects.filter(pk=message.pk).update(
            state=MessageState.DEAD,
            attempts=outbox.MAX_ATTEMPTS,
            created_at=at,
            available_at=at,
            finished_at=at + timedelta(minutes=11),
            last_error=why,
        )
    return len(LOST_LETTERS)


def _names(count: int, known: set[str], chance: Random) -> list[tuple[str, str, str]]:
    """Return so many people by name and address, none of whom has an address in `known`."""
    pairs = [(first, last) for first in FIRST_NAMES.split() for last in LAST_NAMES.split()]
    chance.shuffle(pairs)
    found: list[tuple[str, str, str]] = []
    turn = 0
    while len(found) < count:
        turn += 1
        for first, last in pairs:
            email = email_of(first, last)
            if turn > 1:  # people with the same name as somebody else have a number in their address
                email = f"{email.partition('@')[0]}{turn}@{DOMAIN}"
            if email in known:
                continue
            found.append((first, last, email))
            if len(found) == count:
                break
    return found
