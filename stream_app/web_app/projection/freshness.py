"""How current the stored results and alerts are. Without an answer of the broker they are stale, never fine."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import NamedTuple

from stream_app.web_app.projection.models import Reading
from stream_app.web_app.projection.store import TOPICS

STALE_AFTER_S = 10.0

_unstored: dict[str, str] = {}  # by topic: why nothing is stored, where the database cannot take that either


class Freshness(NamedTuple):
    """How current the pages are.

    Attributes:
        is_current: Whether every committed record was stored some seconds ago.
        since_s: Up to when everything is stored; None when nothing was ever read to its end.
        fault: Why nothing newer is stored; empty where it is not known.
        n_unreadable: Records that could not be read.
        n_missed: Offsets that retention deleted before they were read.
    """

    is_current: bool
    since_s: float | None
    fault: str
    n_unreadable: int
    n_missed: int


def note_fault(topic: str, fault: str) -> None:
    """Remember in this process why a topic is not stored at present; empty when it is."""
    _unstored[topic] = fault


def freshness(topics: Collection[str] = TOPICS) -> Freshness:
    """Return how current the least current of some topics is."""
    readings = {reading.topic: reading for reading in Reading.objects.filter(topic__in=topics)}
    times = [readings[topic].current_at_s if topic in readings else None for topic in topics]
    known = [time_s for time_s in times if time_s is not None]
    since_s = min(known) if len(known) == len(times) else None
    faults = [*(_unstored.get(topic, "") for topic in topics), *(reading.fault for reading in readings.values())]
    return Freshness(
        is_current=since_s is not None and time.time() - since_s < STALE_AFTER_S,
        since_s=since_s,
        fault=next(filter(None, faults), ""),
        n_unreadable=sum(reading.n_unreadable for reading in readings.values()),
        n_missed=sum(reading.n_missed for reading in readings.values()),
    )
