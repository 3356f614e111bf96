"""The tables: positions, results, newest verdicts, alerts, published counts of cameras, counts of set-aside records.

Every value in them is disclosed, but the counts of records, of which ``quality`` shows what may be seen. Event times
are seconds since the epoch, as in the records.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from stream_app.web_app.history.bodies import CompactBody

NAME_LENGTH = 300  # names of three attributes joined, or three labels
MAX_WINDOW_NAME = 20
LATE = "late"  # what ``RecordCount`` has beside the reasons of dead letters


class TopicPartition(models.Model):
    """Up to where one partition was read.

    Attributes:
        topic: Its topic.
        partition: Its number.
        topic_id: Which log of that name; empty where the broker gives none.
        next_offset: Offset of the next record.
    """

    topic: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    partition: models.IntegerField[int, int] = models.IntegerField()
    topic_id: models.CharField[str, str] = models.CharField(max_length=64)
    next_offset: models.BigIntegerField[int, int] = models.BigIntegerField()
    objects: ClassVar[models.Manager[TopicPartition]] = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["topic", "partition"], name="one_position")]


class Reading(models.Model):
    """How the reading of one topic goes.

    Attributes:
        topic: The topic.
        current_at_s: When every committed record was last known to be stored; None before.
        fault: Why it is not read at present; empty while it is.
        n_unreadable: Records that were left out because they are no results or alerts of this version.
        n_missed: Offsets that retention deleted before they were read.
    """

    topic: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH, primary_key=True)
    current_at_s: models.FloatField[float | None, float | None] = models.FloatField(null=True)
    fault: models.CharField[str, str] = models.CharField(max_length=500, blank=True)
    n_unreadable: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    n_missed: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    objects: ClassVar[models.Manager[Reading]] = models.Manager()


class WindowRow(models.Model):
    """The newest revision of the result of one attribute in one window.

    Attributes:
        model: Name of the model.
        attribute: Name of the attribute, or of several joined by ``+``.
        window: Name of the window.
        end_s: Its end; 0 for running totals, of which only the newest is kept.
        order_s: End of the window also for running totals: the greater one is newer.
        revision: Number of the correction.
        state: The worst state of its pairs.
        k: Fewest decisions that a shown group has.
        body: The disclosed result, JSON.
    """

    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    attribute: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    window: models.CharField[str, str] = models.CharField(max_length=MAX_WINDOW_NAME)
    end_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    order_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    revision: models.IntegerField[int, int] = models.IntegerField()
    state: models.CharField[str, str] = models.CharField(max_length=20)
    k: models.IntegerField[int, int] = models.IntegerField()
    body: CompactBody = CompactBody()
    objects: ClassVar[models.Manager[WindowRow]] = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "attribute", "window", "end_s"], name="one_result")
        ]
        indexes: ClassVar = [
            models.Index(fields=["model", "attribute", "window", "state", "end_s"], name="by_state"),
            models.Index(fields=["-end_s", "-id"], name="newest_results"),
            models.Index(fields=["model", "-end_s", "-id"], name="newest_of_model"),
        ]


class Verdict(models.Model):
    """The newest verdict on one attribute: that of the smallest window.

    Attributes:
        model: Name of the model.
        attribute: Name of the attribute, or of several joined by ``+``.
        is_intersection: Whether these are several.
        window: Name of the smallest window.
        size_s: Its width.
        end_s: End of the newest one.
        since_s: End of the first window of the uninterrupted run of windows with this state.
        state: The worst state of the pairs.
        severity: Place of the state among all, the worst is the greatest; a limit exceeded without proof counts half.
        received_s: When the result was written to Kafka.
        body: The disclosed result, JSON.
    """

    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    attribute: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    is_intersection: models.BooleanField[bool, bool] = models.BooleanField()
    window: models.CharField[str, str] = models.CharField(max_length=MAX_WINDOW_NAME)
    size_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    end_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    since_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    state: models.CharField[str, str] = models.CharField(max_length=20)
    severity: models.FloatField[float, float] = models.FloatField()
    received_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    body: CompactBody = CompactBody()
    objects: ClassVar[models.Manager[Verdict]] = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["model", "attribute"], name="one_verdict")]
        indexes: ClassVar = [
            models.Index(fields=["is_intersection", "-severity", "model", "attribute"], name="worst_first")
        ]


class ClearAlerts(models.Manager["AlertRow"]):
    """The alerts that are not sealed."""

    def get_queryset(self) -> models.QuerySet[AlertRow]:
        """Return the rows whose body is a ``DisclosedAlert``."""
        return super().get_queryset().filter(is_sealed=False)


class AlertRow(models.Model):
    """One breach or recovery; ``objects`` are those with a readable body, ``every_alert`` also the sealed ones.

    Attributes:
        id: Identifies the alert: the same in live and replay.
        model: Name of the model, or ``<model>/outcomes``.
        attribute: Name of the attribute, or of several joined by ``+``; empty for a sealed alert.
        change: ``breach`` or ``recovery``.
        is_sealed: Whether only auditors can read it.
        at_s: When the test changed.
        k: Fewest decisions that its numbers describe.
        body: The disclosed alert, JSON; of a sealed one a ``SealedNotice``.
    """

    id: models.CharField[str, str] = models.CharField(max_length=12, primary_key=True)
    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    attribute: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH, blank=True)
    change: models.CharField[str, str] = models.CharField(max_length=10)
    is_sealed: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    at_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    k: models.IntegerField[int, int] = models.IntegerField()
    body: CompactBody = CompactBody()
    every_alert: ClassVar[models.Manager[AlertRow]] = models.Manager()
    objects: ClassVar[ClearAlerts] = ClearAlerts()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["model", "-at_s"], name="newest_alerts"),
            models.Index(fields=["-at_s", "-id"], name="newest_of_all"),
        ]


class RecordCount(models.Model):
    """How many records of a model were rejected for one reason, or came too late, in one hour or old day: exactly.

    Attributes:
        model: Name of the model.
        hour_s: Start of the hour, or of the day, in which they were set aside.
        what: The reason of the dead letters, or ``late``.
        n: How many.
        is_day: Whether its hours were added up.
    """

    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    hour_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    what: models.CharField[str, str] = models.CharField(max_length=20)
    n: models.BigIntegerField[int, int] = models.BigIntegerField()
    is_day: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    objects: ClassVar[models.Manager[RecordCount]] = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["model", "hour_s", "what"], name="one_count")]


class CameraWindow(models.Model):
    """The published counts of one window of a model of kind ``counts``.

    Attributes:
        model: Name of the model.
        window: Name of the window.
        start_s: Its start.
        end_s: Its end.
        policy_hash: Hash of the policy by which it was published.
        epsilon: Privacy loss of a track and day by all that is published about that day; empty for exact counts.
        is_over_budget: Whether nothing was published, because the budget of the day is spent.
        n_tracks: Sum of the published counts.
        body: The published record, JSON.
    """

    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    window: models.CharField[str, str] = models.CharField(max_length=MAX_WINDOW_NAME)
    start_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    end_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    policy_hash: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    epsilon: models.CharField[str, str] = models.CharField(max_length=50, blank=True)
    is_over_budget: models.BooleanField[bool, bool] = models.BooleanField()
    n_tracks: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    body: CompactBody = CompactBody()
    objects: ClassVar[models.Manager[CameraWindow]] = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["model", "window", "end_s"], name="one_camera_window")]
        indexes: ClassVar = [
            models.Index(fields=["model", "start_s"], name="camera_days"),
            models.Index(fields=["model", "-end_s", "-id"], name="newest_counts"),
        ]
