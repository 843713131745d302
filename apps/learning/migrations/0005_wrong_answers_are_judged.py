"""A quiz with no right answer at all was handed in without its answers being judged: they were wrong."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def judge(apps: Any, schema_editor: Any) -> None:
    responses = apps.get_model("learning", "Response").objects.using(schema_editor.connection.alias)
    responses.filter(attempt__submitted_at__isnull=False, attempt__correct=0, correct=None).update(correct=False)


class Migration(migrations.Migration):
    dependencies = [("learning", "0004_job_examples")]

    operations = [migrations.RunPython(judge, migrations.RunPython.noop)]
