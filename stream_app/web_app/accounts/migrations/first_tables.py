"""Creates the table of one-time links."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("username", models.CharField(blank=True, max_length=150)),
                ("role", models.CharField(max_length=20)),
                ("expires_at", models.DateTimeField()),
            ],
        ),
    ]
