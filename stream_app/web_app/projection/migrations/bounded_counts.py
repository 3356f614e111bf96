"""Adds what old counts are thinned by, and has the rule applied to everything again: these tables were not thinned."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


def forget_rule(apps: Any, _editor: object) -> None:
    """Forget that the rule was applied."""
    apps.get_model("history", "AppliedKeeping").objects.all().delete()


class Migration(migrations.Migration):
    """As Django wrote it from the models, and a step of ours."""

    dependencies: ClassVar = [("projection", "record_counts"), ("history", "first_tables")]

    operations: ClassVar = [
        migrations.AddField("RecordCount", "is_day", models.BooleanField(default=False)),
        migrations.AddField("CameraWindow", "n_tracks", models.BigIntegerField(default=0)),
        migrations.RunPython(forget_rule, migrations.RunPython.noop),
    ]
