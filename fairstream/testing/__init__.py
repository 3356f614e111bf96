"""Test your own policies and programs: seeded streams, counts with a known drift, and the pipeline in memory.
``streams`` simulates loans, credit decisions with outcomes, and camera events. ``tables`` simulates tables of counts
for detectors. ``pipeline`` runs a complete policy in memory, without Kafka: events in, results and alerts out.
``lanes`` runs one step of it, ``steps`` lists the steps of a policy. ``plugin`` is a pytest plugin with a fixture.
"""

from __future__ import annotations

from fairstream.testing.lanes import InMemoryLane, InMemoryLog, LogRecord
from fairstream.testing.pipeline import InMemoryPipeline
from fairstream.testing.streams import camera_events, credit_events, disturb, female_rate, loan_events, read_event
from fairstream.testing.tables import simulate_counts
from producers.event import Event

__all__ = [
    "Event",
    "InMemoryLane",
    "InMemoryLog",
    "InMemoryPipeline",
    "LogRecord",
    "camera_events",
    "credit_events",
    "disturb",
    "female_rate",
    "loan_events",
    "read_event",
    "simulate_counts",
]
