"""The one-time links by which a user sets a password; only a digest of each is stored."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models


class Invitation(models.Model):
    """A link that was not used yet.

    Attributes:
        digest: SHA-256 of its token, hex.
        username: Whose password it sets; empty where the user chooses the name.
        role: The role of that user.
        expires_at: Until when it can be used.
    """

    digest: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    username: models.CharField[str, str] = models.CharField(max_length=150, blank=True)
    role: models.CharField[str, str] = models.CharField(max_length=20)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    objects: ClassVar[models.Manager[Invitation]] = models.Manager()
