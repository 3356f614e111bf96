"""Creates the table of registered policies."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    dependencies: ClassVar = [("policies", "first_tables")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="RegisteredPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=300)),
                ("hash", models.CharField(max_length=64)),
                ("registered_s", models.BigIntegerField()),
                ("policy", models.JSONField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["model", "hash"], name="one_policy_by_hash")],
            },
        ),
    ]
