from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns take the names that their values are bound to; an answer that was not written is empty, not unknown."""

    dependencies = [("learning", "0001_initial")]

    operations = [
        migrations.RenameField("practicetry", "prompt_sealed", "prompt"),
        migrations.RenameField("practicetry", "answer_sealed", "answer"),
        migrations.AlterField("practicetry", "answer", models.BinaryField(default=bytes)),
    ]
