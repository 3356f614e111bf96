"""Adds the index by which the models of replays are listed: without it, each model costs a reading of all replays."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    dependencies: ClassVar = [("replays", "first_table")]

    operations: ClassVar = [
        migrations.AddIndex("Replay", models.Index(fields=["model", "-id"], name="replays_by_model")),
    ]
