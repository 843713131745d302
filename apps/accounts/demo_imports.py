"""Files of people that the demo world's administrator uploaded: one is done, one is checked, one waits for its columns."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from .demo_world import ENTITIES, SITES
from .imports.columns import guess
from .models import PeopleImport, User
from .services import apply_import, choose_columns, go_on_with_import, upload_people

HEAD = "Matricule;Prénom;Nom;Adresse électronique;Entité;Direction;Site;Métier\n"
# People who joined in autumn, and what HR had mistyped.
JOINED = """
A2101;Ondine;Lemarchal;ondine.lemarchal@alcyon.example;alcyon-sante;prestations-sante;lyon-confluence;gestionnaire-sante
A2102;Corentin;Abgrall;corentin.abgrall@alcyon.example;alcyon-gestion-ouest;prestations-sante;nantes-erdre;gestionnaire-sante
A2103;Leïla;Khelladi;leila.khelladi@alcyon.example;alcyon-gestion-sud;prestations-prevoyance;toulouse-canal;gestionnaire-prevoyance
A2104;Barnabé;Cazeneuve;barnabe.cazeneuve@alcyon.example;alcyon-epargne;retraite;paris-bercy;conseiller-retraite
A2105;Maud;Kerautret;maud.kerautret@alcyon;alcyon-numerique;informatique;nantes-erdre;developpeur
A2106;Félix;Dubuisson;felix.dubuisson@alcyon.example;alcyon-numerique;informatique;nantes-erdre;developpeur
A2107;Félix;Dubuisson;felix.dubuisson@alcyon.example;alcyon-numerique;informatique;nantes-erdre;developpeur
A2108;;Tessier;clara.tessier@alcyon.example;alcyon;marketing;paris-bercy;redacteur
""".lstrip()
# People who join in winter: at a site and in a job that the directory does not know yet.
COMING = """
A2201;Aubin;Ravenel;aubin.ravenel@alcyon.example;alcyon-sante;relation-adherents;rennes-vilaine;conseiller-adherents
A2202;Samia;Oukaci;samia.oukaci@alcyon.example;alcyon-sante;relation-adherents;rennes-vilaine;conseiller-adherents
A2203;Blaise;Cordonnier;blaise.cordonnier@alcyon.example;alcyon-numerique;informatique;rennes-vilaine;ingenieur-donnees
A2204;;Morvan;tiphaine.morvan@alcyon.example;alcyon;formation;paris-bercy;charge-formation
A2205;Élie;Grandjean;elie.grandjean@alcyon.example;alcyon-epargne;retraite;lille-citadelle;conseiller-retraite
""".lstrip()
CONTRACTORS = """
Société;Contact;Mél;Début de mission
Armor Conseil;Gwenaël Le Dantec;gwenael.ledantec@armor.example;2026-11-02
Sillage Données;Pauline Ferrer;p.ferrer@sillage.example;2026-11-09
""".lstrip()
LEAVERS = 2  # colleagues whom the list of everybody no longer names
MOVERS = 4


def load_imports(*, actor: User) -> None:
    """Upload the files in the name of `actor`, if nobody has imported anything yet."""
    if PeopleImport.objects.exists():
        return
    done = _checked("Arrivees_octobre.csv", HEAD + JOINED, actor=actor, close_absent=False)
    apply_import(import_id=done.pk, seen_round=done.round, typed=None, actor=actor)
    go_on_with_import(import_id=str(done.pk))
    _date_back(done, days=18)
    waiting = upload_people(name="Prestataires.csv", raw=CONTRACTORS.encode(), actor=actor)
    _date_back(waiting, days=2)
    everybody = _checked("Effectifs_novembre.csv", HEAD + _everybody(but=actor) + COMING, actor=actor, close_absent=True)
    _date_back(everybody, days=0)


def _checked(name: str, text: str, *, actor: User, close_absent: bool) -> PeopleImport:
    """Return an import of `text`, checked at once: the worker that is asked for finds nothing left to do."""
    made = upload_people(name=name, raw=text.encode("utf-8-sig"), actor=actor)
    columns = guess(HEAD.strip().split(";"))
    choose_columns(import_id=made.pk, mapping=columns, all_or_nothing=False, close_absent=close_absent, actor=actor)
    go_on_with_import(import_id=str(made.pk))
    made.refresh_from_db()
    return made


def _everybody(*, but: User) -> str:
    """Return the lines of everybody else with an open account, except a few who left; a few others have moved."""
    people = User.objects.filter(is_active=True).exclude(pk=but.pk)
    people = people.select_related("entity", "department", "site", "job_role").order_by("email")
    lines = []
    for number, person in enumerate(people[LEAVERS:]):
        places = [entry.code if entry else "" for entry in (person.entity, person.department, person.site, person.job_role)]
        if number < MOVERS:
            places[0], places[2] = ENTITIES[1 + number][0], SITES[number][0]
        cells = [f"A{1000 + number}", person.first_name, person.last_name, person.email, *places]
        lines.append(";".join(cells) + "\n")
    return "".join(lines)


def _date_back(people_import: PeopleImport, *, days: int) -> None:
    """Date it so many days back, during office hours."""
    found = PeopleImport.objects.get(pk=people_import.pk)
    at = (timezone.localtime() - timedelta(days=days)).replace(hour=9, minute=41)
    at = min(at, timezone.now())
    found.created_at = at
    if found.ended_at is not None:
        found.ended_at = at + timedelta(minutes=6)
    found.save(update_fields=["created_at", "ended_at"])
