"""A code is the same in whatever capitals, for the database too.

Where a list has one twice, the entry that was made later gets another one that says so (“sante-double”), and the log tells it:
everybody stays in their entry, and staff merge the two or give it a better code. Files and the company's sign-in find the earlier.
"""

import logging

from django.db import migrations, models
from django.db.models.functions import Lower

logger = logging.getLogger("almia.accounts")
LISTS = ["department", "entity", "jobrole", "site"]
LONGEST = 50


def tell_doubles_apart(apps, schema_editor):
    for name in LISTS:
        Entry = apps.get_model("accounts", name)
        known = {code.lower() for code in Entry.objects.values_list("code", flat=True)}
        seen = set()
        for entry in Entry.objects.only("pk", "code", "search_text").order_by("pk"):
            if entry.code.lower() not in seen:
                seen.add(entry.code.lower())
                continue
            new = free_code(entry.code, known)
            known.add(new.lower())
            seen.add(new.lower())
            logger.warning("Two entries of the list %s have the code %s: that of no. %s is %s now.", name, entry.code, entry.pk, new)
            text = f"{new.lower()} {entry.search_text}"[:600]
            Entry.objects.filter(pk=entry.pk).update(code=new, search_text=text)


def free_code(code, known):
    number = 1
    while True:
        suffix = "-double" if number == 1 else f"-double-{number}"
        new = code[: LONGEST - len(suffix)] + suffix
        if new.lower() not in known:
            return new
        number += 1


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_directory")]
    operations = [
        migrations.RunPython(tell_doubles_apart, migrations.RunPython.noop),
        *[
            migrations.AddConstraint(name, models.UniqueConstraint(Lower("code"), name=f"accounts_{name}_code_any_case"))
            for name in LISTS
        ],
    ]
