"""The tables: cases, the alerts in them, and what has happened to each case. Nothing here is ever deleted."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import models

NAME_LENGTH = 300
MAX_TEXT = 4000


class Status(models.TextChoices):
    """How far a case is."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CONCLUDED = "concluded"
    CLOSED = "closed"


class Conclusion(models.TextChoices):
    """What people found out about the alerts of a case."""

    CONFIRMED = "confirmed", "Confirmed: the difference is real, and not remedied yet"
    EXPLAINED = "explained", "Explained: the difference is real, and justified"
    FALSE_ALARM = "false_alarm", "False alarm: there is no such difference"
    REMEDIATED = "remediated", "Remediated: the difference was real, and is remedied"


class About(models.TextChoices):
    """What the alerts of a case have in common, beside their model; or that it is about an incident."""

    ATTRIBUTE = "attribute"
    INTERSECTIONS = "intersections"
    SEALED = "sealed"
    INCIDENT = "incident"


class Case(models.Model):
    """One case.

    Attributes:
        model: Name of the model, or ``<model>/outcomes``.
        about: Whether it is about one attribute, about all intersections of the model, about its sealed alerts, or
            about an incident that a person has opened.
        attribute: The attribute, or the kind of the incident; empty unless it is about one.
        open_key: Identifies the case while it is not closed, so that there is one at a time; None afterwards, and for
            incidents, of which there can be several.
        status: How far it is.
        opened_s: When it was opened, seconds since the epoch.
        first_alert_s: When its first alert was raised, event time.
        due_s: When it should be closed.
        owner: Who works on it.
        conclusion: What people found out; empty before.
        concluded_by: Who concluded it.
        concluded_s: When.
        n_concluded: How many breaches the conclusion is about: those that had joined by then.
        closed_by: Who closed it: somebody else.
        closed_s: When.
    """

    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    about: models.CharField[str, str] = models.CharField(max_length=20)
    attribute: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH, blank=True)
    open_key: models.CharField[str | None, str | None] = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001  # None is unlike itself
    status: models.CharField[str, str] = models.CharField(max_length=20)
    opened_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    first_alert_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    due_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    owner_id: int | None
    owner: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="owned_cases"
    )
    conclusion: models.CharField[str, str] = models.CharField(max_length=20, blank=True)
    concluded_by_id: int | None
    concluded_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="concluded_cases"
    )
    concluded_s: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    n_concluded: models.IntegerField[int, int] = models.IntegerField(default=0)
    closed_by_id: int | None
    closed_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="closed_cases"
    )
    closed_s: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    objects: ClassVar[models.Manager[Case]] = models.Manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["status", "-opened_s"], name="cases_by_status"),
            models.Index(fields=["model", "-opened_s"], name="cases_by_model"),
            models.Index(fields=["due_s", "id"], name="cases_by_deadline"),
        ]

    @property
    def subject(self) -> str:
        """What it is about, in one word or two."""
        if self.about == About.INCIDENT:
            return f"incident: {self.attribute.replace('-', ' ')}"
        return {About.INTERSECTIONS: "intersections", About.SEALED: "sealed alerts"}.get(
            About(self.about), self.attribute
        )


class CaseAlert(models.Model):
    """An alert in its case.

    Attributes:
        alert_id: The alert; it is in one case at most.
        case: The case.
        change: ``breach`` or ``recovery``.
        at_s: When it was raised, event time.
        joined_s: When it came into the case, seconds since the epoch.
    """

    alert_id: models.CharField[str, str] = models.CharField(max_length=12, primary_key=True)
    case_id: int
    case: models.ForeignKey[Case, Case] = models.ForeignKey(Case, models.PROTECT, related_name="alerts")
    change: models.CharField[str, str] = models.CharField(max_length=10)
    at_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    joined_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    objects: ClassVar[models.Manager[CaseAlert]] = models.Manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["case", "-at_s"], name="alerts_of_case")]


class CaseEvent(models.Model):
    """What has happened to a case.

    Attributes:
        case: The case.
        kind: What: the name of an action, or ``opened``.
        at_s: When, seconds since the epoch.
        actor: Who did it; None for FairStream itself.
        facts: The change, JSON: users by their number, times in seconds.
        text: What the person wrote.
        is_pending: Whether the audit log has no entry about it yet.
        audit_seq: Number of its entry in the audit log; None without a log.
    """

    case_id: int
    case: models.ForeignKey[Case, Case] = models.ForeignKey(Case, models.PROTECT, related_name="events")
    kind: models.CharField[str, str] = models.CharField(max_length=20)
    at_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    actor_id: int | None
    actor: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="case_events"
    )
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    text: models.TextField[str, str] = models.TextField(blank=True)
    is_pending: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    audit_seq: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    objects: ClassVar[models.Manager[CaseEvent]] = models.Manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["case", "id"], name="events_of_case"),
            models.Index(fields=["id"], name="pending_events", condition=models.Q(is_pending=True)),
        ]
