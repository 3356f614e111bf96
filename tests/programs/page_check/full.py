"""The full form: broker, worker and producer at the pace of the clock, default windows, shipped intervals.

The drifts of the models begin at different phases of a comparison period and of the servers' intervals.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Self

from confluent_kafka import Producer

from benchmarks.stage.bench import open_bench
from benchmarks.stage.site import open_site
from producers.event import Event
from producers.pacing import pace
from producers.simulated.drift import parse_drift
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.policy import SHIPPED, ModelPolicy
from tests.programs.page_check.claims import Episode
from tests.programs.page_check.messages import Message, open_inbox

FAIR_S, BREACH_S, CALM_S, MILDER_S, LAST_S = 90, 120, 240, 120, 180
HEAVY, MILD = 0.8, 0.55  # how unfair, 0-1
APART_S = 7  # between the drifts of two models
RATE = 150.0  # decisions per second and model
ATTRIBUTE = "gender"


def run_full(folder: Path, n_models: int) -> tuple[list[Episode], list[Message]]:
    """Return the breaches that were made and what was sent about them; takes about 14 minutes."""
    os.environ["FAIRSTREAM_MAX_SERIES"] = "100000"  # ten models make more series than one worker should usually export
    with open_bench(None) as bench:
        names = [f"{bench.tag}-m{number}" for number in range(n_models)]
        site = open_site(bench, "pages", policy_of(names), n_partitions=1)
        with site.worker(), open_inbox(folder, site.metrics_address, None) as inbox:
            start_s = time.time()
            with _Sender(bench.kafka, site.policy.models, start_s):
                length_s = FAIR_S + APART_S * n_models + BREACH_S + CALM_S + MILDER_S + LAST_S
                while time.time() < start_s + length_s:
                    time.sleep(10)
            messages = inbox.messages()
    episodes = []
    for number, name in enumerate(names):
        first, over, second, end = (start_s + after_s for after_s in changes_of(number))
        episodes.append(Episode(name, ATTRIBUTE, first, over, second))
        episodes.append(Episode(name, ATTRIBUTE, second, end, end + LAST_S))
    return episodes, messages


def changes_of(number: int) -> tuple[int, int, int, int]:
    """Return when the decisions about a model change, seconds after the start: breach, fair, milder breach, fair."""
    first = FAIR_S + APART_S * number
    return first, first + BREACH_S, first + BREACH_S + CALM_S, first + BREACH_S + CALM_S + MILDER_S


def policy_of(names: Sequence[str]) -> str:
    """Return the shipped policy of loans, without age, as one with a model of each name."""
    text = (SHIPPED / "loans.toml").read_text("utf-8")
    text = re.sub(r"^ +\{ name = \"age\".*\n", "", text, flags=re.MULTILINE)
    text = text.replace('keep = ["region"]', 'keep = ["region", "age_band"]')
    head, _, model = text.partition("[[models]]")
    models = [
        model.replace('name = "loans"', f'name = "{name}"', 1)
        .replace("loan-decisions-raw", f"{name}-raw")
        .replace('"loan-decisions"', f'"{name}-out"')
        for name in names
    ]
    return head.replace("#:schema policy.schema.json\n", "") + "".join(f"[[models]]{one}" for one in models)


class _Sender(threading.Thread):
    """Sends the decisions about all models during the block."""

    def __init__(self, kafka: str, models: Sequence[ModelPolicy], start_s: float) -> None:
        super().__init__(name="decisions", daemon=True)
        self._producer = Producer({"bootstrap.servers": kafka, "linger.ms": 5, "log_level": 3})
        self._topics = [model.topic for model in models]
        self._start_ms = int(start_s * 1000)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Send until the block ends."""
        rate = RATE * len(self._topics)
        for run in pace(self._events(), rate, now=time.monotonic, wait=self._stopping.wait):
            for topic, event in run:
                self._producer.produce(topic, event.value, event.key)
            self._producer.poll(0)
            if self._stopping.is_set():
                break
        self._producer.flush()

    def _events(self) -> Iterator[tuple[str, Event]]:
        timeline = Timeline(self._start_ms, 1 / RATE)
        streams = [
            zip(repeat(topic), simulate_loans(number, timeline, parse_drift(_drift_of(number))), strict=False)
            for number, topic in enumerate(self._topics)
        ]
        return chain.from_iterable(zip(*streams, strict=True))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()


def _drift_of(number: int) -> str:
    levels = (HEAVY, 0, MILD, 0)
    return "0@0," + ",".join(f"{level:g}@{at_s}s" for level, at_s in zip(levels, changes_of(number), strict=True))
