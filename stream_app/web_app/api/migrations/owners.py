"""Adds the owner of a token; those that are stored were made by an operator and have none."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    dependencies: ClassVar = [("api", "first_tables"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations: ClassVar = [
        migrations.AddField(
            "Token",
            "owner",
            models.ForeignKey(
                null=True, on_delete=models.PROTECT, related_name="api_tokens", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
