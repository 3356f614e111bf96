"""Several models whose decisions become unfair one after the other, at different phases of the servers' intervals.

Each model has one attribute and so one breach. Panes of 7 s have no common factor with the 15 s of the servers. The
decisions contain the time at which they are sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Self

from confluent_kafka import Producer

from producers.event import Event
from producers.pacing import pace
from producers.simulated.drift import parse_drift
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.policy import ModelPolicy

_MODEL = """
[[models]]
name = "{name}"
topic = "{name}-raw"
output_topic = "{name}-out"
event_id = {{ path = "application_id", link_domain = "application" }}
identifiers = [{{ path = "applicant_id", link_domain = "applicant" }}]
decision = {{ path = "approved", favorable = true, unfavorable = [false] }}
event_time = {{ path = "ts", format = "iso8601", out_of_orderness_s = 5, pane_s = 7 }}
attributes = [{{ name = "gender", path = "gender", groups = ["female", "male"], reference = "male" }}]
segment = {{ name = "product", path = "product", values = ["auto", "home", "personal", "student"] }}
features = [{{ name = "credit_score", path = "credit_score", minimum = 300, maximum = 850 }}]
keep = ["region", "race", "age_band"]
windows = [{{ name = "14s", size_s = 14 }}, {{ name = "70s", size_s = 70 }}, {{ name = "280s", size_s = 280 }}]
"""


@dataclass(frozen=True)
class Drift:
    """How decisions become unfair.

    Attributes:
        level: How unfair, 0-1.
        fair_s: Length of the fair time range of the first model.
        apart_s: Delay of the drift of each next model.
        rate: Decisions per second and model.
    """

    level: float = 0.8
    fair_s: int = 20
    apart_s: int = 11
    rate: float = 100.0


def policy_of(names: Sequence[str]) -> str:
    """Return a policy, as TOML, with one model of each name."""
    return "schema = 1\n" + "".join(_MODEL.format(name=name) for name in names)


class Sender(threading.Thread):
    """Sends the decisions about all models during the block."""

    def __init__(self, kafka: str, models: Sequence[ModelPolicy], drift: Drift) -> None:
        super().__init__(name="decisions", daemon=True)
        self._producer = Producer({"bootstrap.servers": kafka, "linger.ms": 5, "log_level": 3})
        self._topics = [model.topic for model in models]
        self._drift = drift
        self._stopping = threading.Event()

    def run(self) -> None:
        """Send until the block ends."""
        rate = self._drift.rate * len(self._topics)
        for run in pace(self._events(), rate, now=time.monotonic, wait=self._stopping.wait):
            for topic, event in run:
                self._producer.produce(topic, event.value, event.key)
            self._producer.poll(0)
            if self._stopping.is_set():
                break
        self._producer.flush()

    def _events(self) -> Iterator[tuple[str, Event]]:
        timeline = Timeline(int(time.time() * 1000), 1 / self._drift.rate)
        streams = [
            zip(repeat(topic), self._stream(number, timeline), strict=False)
            for number, topic in enumerate(self._topics)
        ]
        return chain.from_iterable(zip(*streams, strict=True))

    def _stream(self, number: int, timeline: Timeline) -> Iterator[Event]:
        begins_s = self._drift.fair_s + number * self._drift.apart_s
        return simulate_loans(number, timeline, parse_drift(f"0@0,{self._drift.level:g}@{begins_s}s"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()
