"""Creates the table of replays."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    initial = True

    dependencies: ClassVar = [
        ("cases", "first_tables"),
        ("policies", "first_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Replay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("model", models.CharField(max_length=300)),
                ("from_s", models.BigIntegerField()),
                ("to_s", models.BigIntegerField()),
                ("status", models.CharField(max_length=20)),
                (
                    "draft",
                    models.ForeignKey("policies.PolicyDraft", null=True, on_delete=PROTECT, related_name="replays"),
                ),
                ("case", models.ForeignKey("cases.Case", null=True, on_delete=PROTECT, related_name="replays")),
                ("user", models.ForeignKey("auth.User", null=True, on_delete=PROTECT, related_name="replays")),
                ("token", models.CharField(blank=True, max_length=8)),
                ("requested_s", models.BigIntegerField()),
                ("started_s", models.BigIntegerField(null=True)),
                ("ended_s", models.BigIntegerField(null=True)),
                ("runner", models.CharField(blank=True, max_length=16)),
                ("seen_s", models.BigIntegerField(default=0)),
                ("n_done", models.BigIntegerField(default=0)),
                ("n_total", models.BigIntegerField(default=0)),
                ("run", models.CharField(blank=True, max_length=60)),
                ("answer", models.JSONField(null=True)),
                ("fault", models.CharField(blank=True, max_length=1000)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["status", "id"], name="replays_by_status"),
                    models.Index(fields=["requested_s"], name="replays_by_time"),
                ],
            },
        ),
    ]
