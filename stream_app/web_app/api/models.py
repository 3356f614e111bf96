"""The tokens of programs; of each secret only a digest is stored."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.contrib.auth.models import User
from django.db import models


class Token(models.Model):
    """The right of one program to use the API.

    Attributes:
        id: Public part of the token.
        name: What uses it.
        role: The role that it acts in.
        scopes: What it may do of what that role may do, separated by spaces.
        digest: SHA-256 of its secret, hex; the secret has 256 random bits and needs no slow hash.
        created_at: When it was made.
        expires_at: Until when it works.
        revoked_at: The time from which it does not, whatever else; None where it was not revoked.
        last_used_on: The last day on which it was used, UTC; None before the first.
        owner: The user who made it, and without whom it does not work; None for one that an operator made.
        reads_per_min: Reading requests that it may make in a minute; None for as many as the settings allow.
        writes_per_min: Other requests, likewise.
    """

    id: models.CharField[str, str] = models.CharField(max_length=8, primary_key=True)
    name: models.CharField[str, str] = models.CharField(max_length=100)
    role: models.CharField[str, str] = models.CharField(max_length=20)
    scopes: models.CharField[str, str] = models.CharField(max_length=200)
    digest: models.CharField[str, str] = models.CharField(max_length=64)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    last_used_on: models.DateField[date | None, date | None] = models.DateField(null=True)
    reads_per_min: models.IntegerField[int | None, int | None] = models.IntegerField(null=True)
    writes_per_min: models.IntegerField[int | None, int | None] = models.IntegerField(null=True)
    owner_id: int | None
    owner: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="api_tokens"
    )
    objects: ClassVar[models.Manager[Token]] = models.Manager()
