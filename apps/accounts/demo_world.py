"""The demo world: Mutuelle Alcyon, an insurer that does not exist. Every name is invented."""

from __future__ import annotations

# code, name, parent
ENTITIES = [
    ("alcyon", "Groupe Alcyon", None),
    ("alcyon-sante", "Alcyon Santé", "alcyon"),
    ("alcyon-prevoyance", "Alcyon Prévoyance", "alcyon"),
    ("alcyon-epargne", "Alcyon Épargne Retraite", "alcyon"),
    ("alcyon-gestion", "Alcyon Gestion", "alcyon"),
    ("alcyon-gestion-ouest", "Alcyon Gestion Ouest", "alcyon-gestion"),
    ("alcyon-gestion-sud", "Alcyon Gestion Sud", "alcyon-gestion"),
    ("alcyon-numerique", "Alcyon Numérique", "alcyon"),
]
# code, French, English
DEPARTMENTS = [
    ("prestations-sante", "Prestations santé", "Health claims"),
    ("prestations-prevoyance", "Prestations prévoyance", "Protection claims"),
    ("relation-adherents", "Relation adhérents", "Member relations"),
    ("retraite", "Retraite et épargne", "Pensions and savings"),
    ("actuariat", "Actuariat", "Actuarial"),
    ("commercial", "Développement commercial", "Sales"),
    ("marketing", "Marketing et communication", "Marketing and communication"),
    ("juridique", "Juridique et conformité", "Legal and compliance"),
    ("ressources-humaines", "Ressources humaines", "Human resources"),
    ("finances", "Finances et contrôle de gestion", "Finance and controlling"),
    ("informatique", "Systèmes d’information", "Information systems"),
    ("formation", "Formation", "Training"),
]
# code, name, city
SITES = [
    ("nantes-erdre", "Erdre", "Nantes"),
    ("paris-bercy", "Bercy", "Paris"),
    ("lyon-confluence", "Confluence", "Lyon"),
    ("toulouse-canal", "Canal", "Toulouse"),
    ("lille-citadelle", "Citadelle", "Lille"),
    ("niort-sevre", "Sèvre", "Niort"),
]
# code, French, English
JOBS = [
    ("gestionnaire-sante", "Gestionnaire de prestations santé", "Health claims handler"),
    ("gestionnaire-prevoyance", "Gestionnaire prévoyance", "Protection claims handler"),
    ("conseiller-adherents", "Conseiller adhérents", "Member adviser"),
    ("conseiller-retraite", "Conseiller retraite", "Pensions adviser"),
    ("actuaire", "Actuaire", "Actuary"),
    ("charge-etudes", "Chargé d’études statistiques", "Statistics analyst"),
    ("commercial-entreprises", "Commercial entreprises", "Corporate sales"),
    ("chef-projet-marketing", "Chef de projet marketing", "Marketing project manager"),
    ("redacteur", "Rédacteur", "Writer"),
    ("juriste", "Juriste", "Lawyer"),
    ("delegue-donnees", "Délégué à la protection des données", "Data protection officer"),
    ("charge-formation", "Chargé de formation", "Training officer"),
    ("controleur-gestion", "Contrôleur de gestion", "Controller"),
    ("developpeur", "Développeur", "Developer"),
    ("responsable-equipe", "Responsable d’équipe", "Team leader"),
]
# The jobs of each department, by code; ANY_JOB everywhere else.
JOBS_OF = {
    "prestations-sante": ["gestionnaire-sante"] * 6 + ["responsable-equipe"],
    "prestations-prevoyance": ["gestionnaire-prevoyance"] * 6 + ["responsable-equipe"],
    "relation-adherents": ["conseiller-adherents"] * 6 + ["responsable-equipe"],
    "retraite": ["conseiller-retraite"] * 5 + ["responsable-equipe"],
    "actuariat": ["actuaire", "actuaire", "charge-etudes", "responsable-equipe"],
    "commercial": ["commercial-entreprises"] * 5 + ["responsable-equipe"],
    "marketing": ["chef-projet-marketing", "redacteur", "responsable-equipe"],
    "juridique": ["juriste", "juriste", "juriste", "delegue-donnees"],
    "ressources-humaines": ["charge-formation", "responsable-equipe", "redacteur"],
    "finances": ["controleur-gestion"] * 4 + ["responsable-equipe"],
    "informatique": ["developpeur"] * 6 + ["responsable-equipe"],
    "formation": ["charge-formation"],
}
ANY_JOB = ["redacteur", "responsable-equipe"]
# key, role, first name, last name, entity, department, site, job
ACCOUNTS = [
    ("newcomer", "", "Camille", "Perrault", "alcyon-gestion-ouest", "prestations-sante", "nantes-erdre", "gestionnaire-sante"),
    ("trained", "", "Nadia", "Lescure", "alcyon-sante", "relation-adherents", "lyon-confluence", "conseiller-adherents"),
    ("champion", "champion", "Hugo", "Castelain", "alcyon-epargne", "retraite", "paris-bercy", "conseiller-retraite"),
    ("trainer", "trainer", "Solène", "Marchadier", "alcyon", "formation", "paris-bercy", "charge-formation"),
    (
        "administrator",
        "administrator",
        "Karim",
        "Benhadj",
        "alcyon-numerique",
        "informatique",
        "nantes-erdre",
        "responsable-equipe",
    ),
]
# People who came through the company's sign-in with somebody else's address: name, whose address, subject, why, how often.
# The first got a new subject from the directory; the second has the address of somebody who left.
REFUSED = [
    ("Quitterie d’Aubigny", "quitterie.d-aubigny", "00u5k2f9q8", "other_identity", 3),
    ("Delphine Ouvrard-Petit", "delphine.ouvrard", "00u7m1t4z2", "closed", 1),
]
# "First name, last name, entity, department, site, job" by position in the lists above.
PEOPLE = """
Amandine Roussillon 1 0 0 0 | Bakary Sissoulé 5 0 0 0 | Chloé Vaubertin 5 0 5 0
Driss El Mansouri 6 0 3 0 | Élodie Fontanel 1 0 2 0 | François Kervarec 5 2 0 2
Gaëlle Le Bihan 5 2 5 2 | Hamid Ouardani 6 2 3 2 | Inès Delacourcelle 1 2 1 2
Jérôme Pastourel 1 2 4 2 | Karine Thévenard 2 1 0 1 | Ludovic Aubrac 2 1 2 1
Maïmouna Diakhaté 2 1 4 1 | Noël Grandclément 6 1 3 1 | Océane Villedieu 2 1 1 1
Pascal Ribeyrolles 3 3 1 3 | Quitterie d’Aubigny 3 3 3 3 | Rémi Saint-Amour 3 3 0 3
Sabrina Haddouche 3 3 2 3 | Théo Lanvollon 3 3 5 3 | Ursula Kempfer 0 4 1 4
Valentin Brocheton 0 4 1 4 | Wassila Ferroukhi 0 4 2 5 | Xavier Montreuil-Lacaze 0 4 0 4
Yasmine Tarbouriech 2 4 1 5 | Zoé Charpentel 0 5 1 6 | Antoine Guivarch 1 5 0 6
Bérengère Vialatte 3 5 2 6 | Cédric Malaussène 2 5 3 6 | Delphine Ouvrard 1 5 4 6
Émile Quesnoy 0 6 1 7 | Fatoumata Bangoura 0 6 1 8 | Gilles Arrighetti 1 6 2 7
Héloïse Tournemine 0 6 0 8 | Ismaël Cordonnier 3 6 1 7 | Joséphine Lauragais 0 7 1 9
Kevin Strasbourger 0 7 1 9 | Léonie Haussmannier 0 7 0 10 | Mathieu Pontcallec 2 7 2 9
Nour Abdelkébir 0 7 1 9 | Olivier Sauvageot 0 8 1 14 | Priscille Guérandais 1 8 0 14
Quentin Barbezieux 0 8 2 11 | Rachida Moussaoui-Lenoir 0 11 1 11 | Sylvain Fromentin 6 8 3 14
Tiphaine Rosporden 0 9 1 12 | Ulysse Carcanague 0 9 1 12 | Véronique Chambonnet 3 9 2 12
Willy Ramassamy 1 9 0 12 | Yann Plougastel 0 9 1 14 | Zineb Cherkaoui 7 10 0 13
Adrien Bellegarde 7 10 0 13 | Blandine Tressières 7 10 2 13 | Corentin Douarnenez 7 10 0 13
Diane Mercœur 7 10 1 14 | Étienne Vauquelin 4 0 0 14 | Faïza Benchabane 4 1 5 14
Grégoire Lacordais 4 2 4 14 | Hortense de Kergoat 5 0 0 0 | Iban Etchegaray 6 2 3 2
"""
