"""Charter 1 shipped with the name of the demo's insurer in its text. It ships with variables now, and says the same: the published
text is replaced by the one that ships, and signatures keep the words that were on the page. Any other text is left as it is."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.db import migrations

REPLACED = {
    "fr": (("à Alcyon", "dans organisation"), ("Alcyon", "organisation"), ("au guichet IA", "à ai_desk"), ("le guichet IA", "ai_desk")),
    "en": (("Alcyon", "organisation"), ("the AI desk", "ai_desk")),
}
SHIPPED = {  # SHA-256 of the bodies as they shipped
    "fr": "a2065a1bec61e184203df5ea9cd3750784dd3717a6722582f52c38846bafd98b",
    "en": "309843e22c94f35a42b628b0f114ca4df1b78ae04fb6b18ae22f7c090df3df68",
}


def take_up_variables(apps: Any, schema_editor: Any) -> None:
    charter = apps.get_model("access", "Charter").objects.filter(version=1).first()
    if charter is None:
        return
    bodies = {"fr": charter.body_fr, "en": charter.body_en}
    if any(hashlib.sha256(body.encode()).hexdigest() != SHIPPED[language] for language, body in bodies.items()):
        return
    for language, body in bodies.items():
        said = {words: f"{{{{{variable}}}}}" for words, variable in REPLACED[language]}
        body = re.sub("|".join(map(re.escape, said)), lambda found, said=said: said[found[0]], body)
        setattr(charter, f"body_{language}", body)
        text = f"{getattr(charter, f'title_{language}')}\n\n{bodies[language]}"
        apps.get_model("access", "CharterSignature").objects.filter(charter=charter, language=language).update(
            values={variable: words for words, variable in REPLACED[language]},
            digest=hashlib.sha256(text.encode()).hexdigest(),
        )
    charter.save(update_fields=["body_fr", "body_en"])


class Migration(migrations.Migration):
    dependencies = [("access", "0003_organisation")]
    operations = [migrations.RunPython(take_up_variables, migrations.RunPython.noop, elidable=True)]
