"""Addresses and what people are searched by, in the one spelling that every door uses from now on.

The rules are copied here: a migration must do tomorrow what it did today. Where two addresses become the same, both people keep
theirs as they are, and the log says so: nobody but staff can tell which of them it is.
"""

import logging
import unicodedata

import idna
from django.db import migrations

logger = logging.getLogger("almia.accounts")
UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
SIGNS = str.maketrans(
    {
        **dict.fromkeys("’‘‛ʼʻʹʽʾʿˈ′‵`´＇❛❜՚׳ꞌ", "'"),
        **dict.fromkeys("‐‑‒–—―⁃˗−﹘﹣－", "-"),
        **{"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ı": "i"},
    }
)


def is_unseen(letter):
    return unicodedata.category(letter) in {"Cf", "Cs"} or ord(letter) in UNSEEN


def normal_email(text):
    seen = unicodedata.normalize("NFKC", "".join(letter for letter in text if not is_unseen(letter))).strip()
    local, sign, domain = seen.lower().rpartition("@")
    domain = domain.strip().rstrip(".。 ")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError):
            pass
    return f"{local}{sign}{domain}"


def folded(text):
    spaced = "".join(" " if letter.isspace() or unicodedata.category(letter) == "Cc" else letter for letter in text)
    seen = " ".join("".join(letter for letter in spaced if letter == " " or not is_unseen(letter)).split())
    plain = unicodedata.normalize("NFKD", seen.translate(SIGNS)).translate(SIGNS).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def spell_alike(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    changed = []
    for user in User.objects.only("pk", "email", "first_name", "last_name", "search_text").order_by("pk").iterator(chunk_size=500):
        email = normal_email(user.email)
        if email != user.email:
            taken = User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists()
            if taken or EmailAddress.objects.filter(email__iexact=email).exclude(user=user.pk).exists():
                logger.warning("Two people have the address of %s in two spellings: staff must decide.", user.pk)
            else:
                if not EmailAddress.objects.filter(user=user.pk, email=email).exists():
                    EmailAddress.objects.filter(user=user.pk, email=user.email).update(email=email)
                User.objects.filter(pk=user.pk).update(email=email)
                user.email = email
        text = folded(f"{user.first_name} {user.last_name} {user.email}")[:500]
        if text != user.search_text:
            user.search_text = text
            changed.append(user)
        if len(changed) == 500:
            User.objects.bulk_update(changed, ["search_text"])
            changed = []
    User.objects.bulk_update(changed, ["search_text"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_identities"), ("account", "0001_initial")]
    operations = [migrations.RunPython(spell_alike, migrations.RunPython.noop)]
