"""The tables of drafts and of registered policies. Nothing in them is ever deleted, and no text is changed."""

from __future__ import annotations

from typing import Any, ClassVar

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


class RegisteredPolicy(models.Model):
    """A policy of one model under which something was counted or judged.

    Attributes:
        model: Name of the model.
        hash: Its hash, as results and alerts carry it.
        registered_s: When it was first registered, seconds since the epoch.
        policy: The policy of the model, every field by its name.
    """

    model: models.CharField[str, str] = models.CharField(max_length=300)
    hash: models.CharField[str, str] = models.CharField(max_length=64)
    registered_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    policy: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    objects: ClassVar[models.Manager[RegisteredPolicy]] = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["model", "hash"], name="one_policy_by_hash")]
