"""The table of drafts. Nothing in it is ever deleted, and no text is changed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import User
from django.db import models

MAX_TEXT = 50_000


class DraftStatus(models.TextChoices):
    """What was decided about a draft."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class PolicyDraft(models.Model):
    """A policy that somebody proposes.

    Attributes:
        text: The policy, TOML; valid when it was proposed.
        sha256: Of its text, hex.
        reason: Why it is proposed.
        author: Who proposes it.
        proposed_s: When, seconds since the epoch.
        status: What was decided.
        decided_by: Who decided: somebody else.
        decided_s: When.
        remark: Why.
    """

    text: models.TextField[str, str] = models.TextField()
    sha256: models.CharField[str, str] = models.CharField(max_length=64)
    reason: models.CharField[str, str] = models.CharField(max_length=1000)
    author_id: int
    author: models.ForeignKey[User, User] = models.ForeignKey(User, models.PROTECT, related_name="proposed_drafts")
    proposed_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    status: models.CharField[str, str] = models.CharField(max_length=20)
    decided_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="decided_drafts"
    )
    decided_s: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    remark: models.CharField[str, str] = models.CharField(max_length=1000, blank=True)
    objects: ClassVar[models.Manager[PolicyDraft]] = models.Manager()
