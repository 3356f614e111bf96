"""Creates the tables of cases, their alerts and their events."""

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
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=300)),
                ("about", models.CharField(max_length=20)),
                ("attribute", models.CharField(blank=True, max_length=300)),
                ("open_key", models.CharField(max_length=64, null=True, unique=True)),
                ("status", models.CharField(max_length=20)),
                ("opened_s", models.BigIntegerField()),
                ("first_alert_s", models.BigIntegerField()),
                ("due_s", models.BigIntegerField()),
                (
                    "owner",
                    models.ForeignKey("auth.User", null=True, on_delete=PROTECT, related_name="owned_cases"),
                ),
                ("conclusion", models.CharField(blank=True, max_length=20)),
                (
                    "concluded_by",
                    models.ForeignKey("auth.User", null=True, on_delete=PROTECT, related_name="concluded_cases"),
                ),
                ("concluded_s", models.BigIntegerField(null=True)),
                ("n_concluded", models.IntegerField(default=0)),
                (
                    "closed_by",
                    models.ForeignKey("auth.User", null=True, on_delete=PROTECT, related_name="closed_cases"),
                ),
                ("closed_s", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["status", "-opened_s"], name="cases_by_status"),
                    models.Index(fields=["model", "-opened_s"], name="cases_by_model"),
                    models.Index(fields=["due_s", "id"], name="cases_by_deadline"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseAlert",
            fields=[
                ("alert_id", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("case", models.ForeignKey("cases.Case", on_delete=PROTECT, related_name="alerts")),
                ("change", models.CharField(max_length=10)),
                ("at_s", models.BigIntegerField()),
                ("joined_s", models.BigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["case", "-at_s"], name="alerts_of_case")]},
        ),
        migrations.CreateModel(
            name="CaseEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("case", models.ForeignKey("cases.Case", on_delete=PROTECT, related_name="events")),
                ("kind", models.CharField(max_length=20)),
                ("at_s", models.BigIntegerField()),
                (
                    "actor",
                    models.ForeignKey("auth.User", null=True, on_delete=PROTECT, related_name="case_events"),
                ),
                ("facts", models.JSONField(default=dict)),
                ("text", models.TextField(blank=True)),
                ("is_pending", models.BooleanField(default=False)),
                ("audit_seq", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["case", "id"], name="events_of_case"),
                    models.Index(condition=models.Q(is_pending=True), fields=["id"], name="pending_events"),
                ],
            },
        ),
    ]
