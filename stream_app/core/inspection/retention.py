"""Judges how long a topic keeps records: too long for what is in it, or too short for what needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

DAY_MS = 86_400_000
UNLIMITED = -1
_WHOLE = 100  # from this number on, no fraction is shown

Verdict = Literal["ok", "too long", "unlimited", "too short", "missing"]


class RetentionBounds(msgspec.Struct, frozen=True, kw_only=True):
    """How long a topic may and must keep records.

    Attributes:
        topic: Its name.
        contents: What is in it.
        most_ms: Longest time that is allowed; None if nothing in it is about single persons.
        least_ms: Shortest time with which everything works.
    """

    topic: str
    contents: str
    most_ms: int | None
    least_ms: int


class RetentionReport(msgspec.Struct, frozen=True, kw_only=True):
    """How long a topic keeps records, judged.

    Attributes:
        topic: Its name.
        verdict: ``ok``, ``too long``, ``unlimited``, ``too short``, or ``missing``.
        kept_ms: After this time a record can be deleted; -1 for never, None for a missing topic.
        reason: Why, and what to set; empty for ``ok``.
        note: What may delay or hasten the deletion; empty for nothing.
    """

    topic: str
    verdict: Verdict
    kept_ms: int | None
    reason: str = ""
    note: str = ""


def judge_retention(bounds: RetentionBounds, settings: Mapping[str, str] | None) -> RetentionReport:
    """Judge the settings of a topic by Kafka's own names; None for a topic that does not exist.

    A compacted topic keeps the newest record of a key forever; one that is compacted and deleted does not.

    >>> bounds = RetentionBounds(topic="raw", contents="persons", most_ms=3 * DAY_MS, least_ms=3_600_000)
    >>> settings = {"cleanup.policy": "delete", "retention.ms": "604800000", "retention.bytes": "-1", "segment.ms": "1"}
    >>> judge_retention(bounds, settings).verdict, judge_retention(bounds, settings | {"retention.ms": "-1"}).verdict
    ('too long', 'unlimited')
    """
    if settings is None:
        return RetentionReport(topic=bounds.topic, verdict="missing", kept_ms=None)
    is_deleted = "delete" in settings["cleanup.policy"].split(",")
    kept_ms = int(settings["retention.ms"]) if is_deleted else UNLIMITED
    verdict, reason = _judged(bounds, kept_ms, is_deleted=is_deleted)
    note = _note(settings, kept_ms) if is_deleted else ""
    return RetentionReport(topic=bounds.topic, verdict=verdict, kept_ms=kept_ms, reason=reason, note=note)


def days(time_ms: int) -> str:
    """Return a time in days, or in hours where it is shorter than two days.

    >>> days(28 * DAY_MS), days(7_200_000), days(1826 * DAY_MS), days(DAY_MS * 5 // 2)
    ('28 d', '2 h', '1,826 d', '2.5 d')
    """
    number, unit = (time_ms / DAY_MS, "d") if time_ms >= 2 * DAY_MS else (time_ms / 3_600_000, "h")
    return f"{number:,.0f} {unit}" if number >= _WHOLE else f"{number:.3g} {unit}"


def _judged(bounds: RetentionBounds, kept_ms: int, *, is_deleted: bool) -> tuple[Verdict, str]:
    if bounds.most_ms is not None and kept_ms < 0:
        what = f"retention.ms={bounds.most_ms}" if is_deleted else "cleanup.policy=delete"
        return "unlimited", f"It contains {bounds.contents}, and keeps them forever. Set {what}"
    if bounds.most_ms is not None and kept_ms > bounds.most_ms:
        return "too long", (
            f"It contains {bounds.contents}, and keeps them {days(kept_ms)}; allowed are {days(bounds.most_ms)}. "
            f"Set retention.ms={bounds.most_ms}"
        )
    if 0 <= kept_ms < bounds.least_ms:
        return "too short", (
            f"It keeps records {days(kept_ms)}; {days(bounds.least_ms)} are needed. Set retention.ms={bounds.least_ms}"
        )
    return "ok", ""


def _note(settings: Mapping[str, str], kept_ms: int) -> str:
    segment_ms, n_bytes = int(settings["segment.ms"]), int(settings["retention.bytes"])
    if n_bytes >= 0:
        return f"retention.bytes={n_bytes} can delete records earlier"
    if 0 <= kept_ms < segment_ms:
        return f"segment.ms={segment_ms} is longer: in a quiet topic records stay up to {days(kept_ms + segment_ms)}"
    return ""
