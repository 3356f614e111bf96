"""Adds the indexes by which the API lists the newest rows, of one model or of all."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    dependencies: ClassVar = [("projection", "kinds_of_alerts")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="windowrow", index=models.Index(fields=["-end_s", "-id"], name="newest_results")
        ),
        migrations.AddIndex(
            model_name="windowrow", index=models.Index(fields=["model", "-end_s", "-id"], name="newest_of_model")
        ),
        migrations.AddIndex(model_name="alertrow", index=models.Index(fields=["-at_s", "-id"], name="newest_of_all")),
    ]
