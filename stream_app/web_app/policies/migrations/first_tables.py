"""Creates the table of drafts."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    initial = True

    dependencies: ClassVar = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations: ClassVar = [
        migrations.CreateModel(
            name="PolicyDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=1000)),
                ("author", models.ForeignKey("auth.User", on_delete=PROTECT, related_name="proposed_drafts")),
                ("proposed_s", models.BigIntegerField()),
                ("status", models.CharField(max_length=20)),
                (
                    "decided_by",
                    models.ForeignKey("auth.User", null=True, on_delete=PROTECT, related_name="decided_drafts"),
                ),
                ("decided_s", models.BigIntegerField(null=True)),
                ("remark", models.CharField(blank=True, max_length=1000)),
            ],
        ),
    ]
