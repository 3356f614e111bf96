"""Adds the limits of a token; those that are stored have the limits of the settings."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    dependencies: ClassVar = [("api", "owners")]

    operations: ClassVar = [
        migrations.AddField("Token", "reads_per_min", models.IntegerField(null=True)),
        migrations.AddField("Token", "writes_per_min", models.IntegerField(null=True)),
    ]
