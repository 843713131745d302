"""The trail's entries get a key of their own; the number that was their key becomes their place in the chain, hashes as they are."""

from __future__ import annotations

from typing import Any

import django.utils.timezone
from django.core.management.color import no_style
from django.db import migrations, models
from django.db.models import F


def take_over(apps: Any, schema_editor: Any) -> None:
    """Every entry there is has its place; none has a stamp. Keys go on after the last one."""
    connection = schema_editor.connection
    entries, heads = apps.get_model("core", "AuditEntry"), apps.get_model("core", "AuditHead")
    entries.objects.using(connection.alias).update(seq=F("id"))
    heads.objects.using(connection.alias).update(unstamped=F("seq"))
    for statement in connection.ops.sequence_reset_sql(no_style(), [entries]):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("core", "0003_outbox_started")]

    # Not to be undone: the code before cannot read what is chained from here on.
    operations = [
        migrations.RenameField("auditentry", "seq", "id"),
        migrations.AlterField("auditentry", "id", models.BigAutoField(primary_key=True, serialize=False)),
        migrations.AlterField("auditentry", "at", models.DateTimeField()),
        migrations.AlterField("auditentry", "actor", models.CharField(max_length=32)),
        migrations.AlterField("auditentry", "action", models.CharField(max_length=64)),
        migrations.AlterField("auditentry", "target", models.CharField(max_length=128)),
        migrations.AlterField("auditentry", "subject", models.CharField(blank=True, max_length=32)),
        migrations.AlterField("auditentry", "previous_hash", models.CharField(blank=True, max_length=64)),
        migrations.AlterField("auditentry", "hash", models.CharField(blank=True, max_length=64)),
        migrations.AddField("auditentry", "stamp", models.CharField(max_length=97, null=True, unique=True)),
        migrations.AddField("auditentry", "seq", models.BigIntegerField(null=True, unique=True)),
        migrations.AddField("audithead", "unstamped", models.BigIntegerField(default=0)),
        migrations.RunPython(take_over),
        migrations.AlterModelOptions(
            "auditentry",
            {"ordering": ["-at", "-id"], "permissions": [("read_audit", "May read the audit trail")]},
        ),
        migrations.AddIndex("auditentry", models.Index(fields=["at", "id"], name="core_audit_at")),
        migrations.AddIndex("auditentry", models.Index(fields=["action", "at", "id"], name="core_audit_action")),
        migrations.AddIndex("auditentry", models.Index(fields=["actor", "at"], name="core_audit_actor")),
        migrations.AddIndex(
            "auditentry",
            models.Index(fields=["subject", "at"], name="core_audit_subject", condition=models.Q(("subject", ""), _negated=True)),
        ),
        migrations.AddIndex("auditentry", models.Index(fields=["target"], name="core_audit_target")),
        migrations.AddIndex(
            "auditentry",
            models.Index(fields=["at", "id"], name="core_audit_waiting", condition=models.Q(("seq", None))),
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("seq", models.BigIntegerField(unique=True)),
                ("hash", models.CharField(max_length=64)),
                ("last_id", models.BigIntegerField()),
                ("entries", models.PositiveIntegerField()),
                ("unused", models.IntegerField()),
                ("mark", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"ordering": ["seq"]},
        ),
    ]
