"""What people of the demo world talk about with a model. Nobody in it exists, and neither do the contracts."""

from __future__ import annotations

DIALOGUES: list[list[tuple[str, str]]] = [
    [
        (
            "Rédige une réponse à un adhérent qui conteste le refus de prise en charge d’une couronne dentaire. "
            "Ton courtois, dix lignes, sans promesse.",
            "Madame, Monsieur,\n\nNous avons bien reçu votre courrier au sujet de la prise en charge de votre couronne dentaire, "
            "et nous comprenons votre déception.\n\nNotre premier examen a porté sur les pièces en notre possession. Pour "
            "réétudier votre situation, il nous manque :\n\n- le devis détaillé de votre praticien ;\n- le décompte du régime "
            "obligatoire.\n\nDès réception, votre dossier sera revu par un second gestionnaire, qui vous répondra par écrit.\n\n"
            "Nous restons à votre écoute.",
        ),
        (
            "Ajoute une phrase sur le médiateur, sans donner l’impression qu’on y renvoie tout le monde.",
            "Vous pouvez l’insérer avant la formule finale :\n\n> Si notre réponse définitive ne vous convenait pas, vous "
            "pourriez saisir gratuitement le médiateur ; ses coordonnées figurent dans vos conditions générales.",
        ),
    ],
    [
        (
            "Explique le délai de carence à quelqu’un qui n’a jamais été assuré, en cinq phrases.",
            "Le délai de carence est une période qui commence le jour où votre contrat prend effet. Pendant ce temps, vous "
            "cotisez, mais certaines garanties ne jouent pas encore. Il évite qu’on s’assure seulement au moment où un besoin "
            "est déjà connu. Sa durée et les soins concernés sont écrits dans votre contrat : ils varient d’une garantie à "
            "l’autre. Vérifiez-les avant de programmer un soin important.",
        ),
    ],
    [
        (
            "Propose un plan pour une note de deux pages sur la hausse des arrêts de travail en prévoyance collective.",
            "1. **Ce qui se passe** : fréquence, durée moyenne, écart avec l’an dernier\n2. **Où** : secteurs, tailles "
            "d’entreprise, tranches d’âge\n3. **Pourquoi** : hypothèses, et ce que nos données permettent ou non d’affirmer\n"
            "4. **Ce que cela coûte** : prestations, provisions, effet sur le ratio\n5. **Ce qu’on propose** : prévention, "
            "accompagnement du retour, révision tarifaire\n6. **Ce qu’on décide** : une page, trois décisions, un responsable "
            "pour chacune\n\nLes chiffres sont à prendre dans vos tableaux : je n’en ai aucun.",
        ),
    ],
    [
        (
            "Écris une formule Excel qui compte les dossiers ouverts depuis plus de 30 jours. Date en colonne C, statut en D.",
            'En supposant les données de la ligne 2 à la ligne 5000 :\n\n```\n=NB.SI.ENS(D2:D5000;"Ouvert";'
            'C2:C5000;"<"&AUJOURDHUI()-30)\n```\n\nSi la colonne C contient des heures, la formule reste juste : seule la '
            "limite compte.",
        ),
        (
            "Et par gestionnaire ? Le nom est en B.",
            'Ajoutez un critère, le nom étant en F2 :\n\n```\n=NB.SI.ENS(B2:B5000;F2;D2:D5000;"Ouvert";'
            'C2:C5000;"<"&AUJOURDHUI()-30)\n```\n\nUn tableau croisé dynamique donnera tous les gestionnaires d’un coup.',
        ),
    ],
    [
        (
            "Résume en trois points ce compte rendu, sans noms : « Le comité a retenu la refonte de l’espace adhérent. Le lot 1 "
            "porte sur les remboursements, livraison en mars. Le lot 2, la messagerie, dépend de l’audit de sécurité. Le budget "
            "est tenu si le lot 3 est reporté. »",
            "- La refonte de l’espace adhérent est décidée ; le lot 1 (remboursements) arrive en mars.\n- Le lot 2 (messagerie) "
            "attend le résultat de l’audit de sécurité.\n- Le budget tient à une condition : reporter le lot 3.",
        ),
    ],
    [
        (
            "Trouve cinq objets pour le courriel qui annonce le nouveau parcours retraite. Moins de 50 caractères.",
            "1. Votre retraite en quatre étapes\n2. Ce qui change pour votre épargne\n3. Préparer sa retraite, sans jargon\n"
            "4. Un rendez-vous avec votre retraite\n5. Trois questions à se poser dès maintenant",
        ),
    ],
    [
        (
            "Relis ce paragraphe et dis ce qui manque de clarté : « La garantie joue sous réserve de la production des "
            "justificatifs afférents dans les délais impartis. »",
            "Trois points gênent :\n\n- **« joue »** et **« afférents »** sont du jargon ;\n- on ne sait pas **quels** "
            "justificatifs ;\n- on ne sait pas **combien de temps** on a.\n\nProposition : « Pour être remboursé, envoyez-nous "
            "la facture acquittée et le décompte dans les [nombre] mois qui suivent le soin. »",
        ),
    ],
    [
        (
            "Prépare dix questions pour un entretien de recrutement d’un actuaire débutant, dont deux sur l’éthique.",
            "1. Qu’est-ce qui vous a conduit vers l’actuariat ?\n2. Racontez un calcul dont vous avez douté.\n3. Comment "
            "expliqueriez-vous une provision à un commercial ?\n4. Quel langage préférez-vous, et pour quoi ?\n5. Que "
            "faites-vous d’une donnée manquante ?\n6. Décrivez un modèle simple que vous défendriez.\n"
            "7. Quand un modèle est-il assez bon ?\n8. Comment relisez-vous le travail d’un autre ?\n"
            "9. *Éthique* : une variable prédit très bien et discrimine. Que "
            "faites-vous ?\n10. *Éthique* : on vous demande d’arrondir un résultat avant le comité.",
        ),
    ],
    [
        (
            "Translate into plain English for a member: « Le reste à charge correspond au ticket modérateur majoré de la "
            "participation forfaitaire. »",
            "What you pay yourself is your share of the fee that the public scheme does not cover, plus a small fixed charge for "
            "each appointment.",
        ),
    ],
    [
        (
            "Transforme ces notes en liste d’actions avec un responsable à compléter : former les équipes en avril, mettre à "
            "jour la foire aux questions, prévenir les délégués, mesurer les appels avant et après.",
            "| Action | Responsable | Échéance |\n|---|---|---|\n| Former les équipes | à compléter | avril |\n| Mettre à jour "
            "la foire aux questions | à compléter | à fixer |\n| Prévenir les délégués | à compléter | avant la formation |\n| "
            "Mesurer les appels avant et après | à compléter | un mois avant, un mois après |",
        ),
        (
            "Ordonne-les dans le temps.",
            "1. Mesurer les appels (situation de départ)\n2. Prévenir les délégués\n3. Mettre à jour la foire aux questions\n"
            "4. Former les équipes, en avril\n5. Mesurer les appels à nouveau, un mois plus tard",
        ),
    ],
]
