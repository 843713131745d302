from __future__ import annotations

import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

STATES = [
    ("streaming", "Being written"),
    ("done", "Complete"),
    ("stopped", "Stopped"),
    ("failed", "Failed"),
    ("interrupted", "Interrupted"),
]


def _change(apps: Apps, before: str, after: str) -> None:
    apps.get_model("learning", "PracticeTry").objects.filter(state=before).update(state=after)


def take_the_gateways_word(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _change(apps, "running", "streaming")


def take_the_word_of_before(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _change(apps, "streaming", "running")


class Migration(migrations.Migration):
    dependencies = [("learning", "0002_sealed_text")]

    operations = [
        migrations.AddField("practicetry", "seq", models.PositiveIntegerField(default=0)),
        migrations.AddField("practicetry", "heartbeat_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.RemoveConstraint("practicetry", "learning_try_one_running"),
        migrations.AlterField("practicetry", "state", models.CharField(choices=STATES, default="streaming", max_length=12)),
        migrations.RunPython(take_the_gateways_word, take_the_word_of_before),
        migrations.AddConstraint(
            "practicetry",
            models.UniqueConstraint(fields=("bench",), condition=models.Q(state="streaming"), name="learning_try_one_running"),
        ),
    ]
