"""The table of replays. Nothing in it is ever deleted, and what a replay has answered does not change."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import models

from stream_app.web_app.cases.models import NAME_LENGTH, Case
from stream_app.web_app.policies.models import PolicyDraft

MAX_FAULT = 1000


class Kind(models.TextChoices):
    """What a replay computes."""

    COMPARE = "compare"  # the verdicts under a draft, beside those under the policy in use
    VERIFY = "verify"  # whether what was published follows from the records


class ReplayStatus(models.TextChoices):
    """How far a replay is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"
    INTERRUPTED = "interrupted"  # the web application ended meanwhile


UNFINISHED = (ReplayStatus.QUEUED, ReplayStatus.RUNNING)


class Replay(models.Model):
    """One replay.

    Attributes:
        kind: What it computes.
        model: Name of the model.
        from_s: Start of the period, event time.
        to_s: Its end, excluded.
        status: How far it is.
        draft: The draft that is compared; None where a period is verified.
        case: The case that it was started from.
        user: Who started it; None for a program.
        token: Id of the token of the program; empty for a person.
        requested_s: When, seconds since the epoch.
        started_s: When it began to run.
        ended_s: When it ended.
        runner: The process that runs it; empty before.
        seen_s: When that process last said that it does.
        n_done: Records that were read.
        n_total: Records that will be; 0 where that is not known yet.
        run: Name of the folder of its results in the state folder; empty without one.
        answer: What was found; None without.
        fault: Why it failed.
    """

    kind: models.CharField[str, str] = models.CharField(max_length=20)
    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    from_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    to_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    status: models.CharField[str, str] = models.CharField(max_length=20)
    draft_id: int | None
    draft: models.ForeignKey[PolicyDraft | None, PolicyDraft | None] = models.ForeignKey(
        PolicyDraft, models.PROTECT, null=True, related_name="replays"
    )
    case_id: int | None
    case: models.ForeignKey[Case | None, Case | None] = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="replays"
    )
    user_id: int | None
    user: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="replays"
    )
    token: models.CharField[str, str] = models.CharField(max_length=8, blank=True)
    requested_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    started_s: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    ended_s: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    runner: models.CharField[str, str] = models.CharField(max_length=16, blank=True)
    seen_s: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    n_done: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    n_total: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    run: models.CharField[str, str] = models.CharField(max_length=60, blank=True)
    answer: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    fault: models.CharField[str, str] = models.CharField(max_length=MAX_FAULT, blank=True)
    objects: ClassVar[models.Manager[Replay]] = models.Manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["status", "id"], name="replays_by_status"),
            models.Index(fields=["requested_s"], name="replays_by_time"),
            models.Index(fields=["model", "-id"], name="replays_by_model"),
        ]
