"""A shipped lesson and its question were called after the demo's insurer, in addresses that everybody sees. What was done stays."""

from __future__ import annotations

from typing import Any

from django.db import migrations

COURSE = "understanding-ai"
CODES = {"Lesson": ("bias-at-alcyon", "those-left-out"), "Question": ("check-bias-at-alcyon", "check-those-left-out")}


def rename(apps: Any, schema_editor: Any) -> None:
    for model, (before, after) in CODES.items():
        found = apps.get_model("learning", model).objects.using(schema_editor.connection.alias)
        found.filter(course__code=COURSE, code=before).update(code=after)


class Migration(migrations.Migration):
    dependencies = [("learning", "0005_wrong_answers_are_judged")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
