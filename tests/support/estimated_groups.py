"""Decisions about people whose groups are known by probabilities only."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.sample import SampleReport, try_sample
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import GroupResult, Result
from stream_app.policy import Policy, parse_policy
from tests.support.feeds import START_S, Decision, Run, Upload

KEY = RootKey("abcdef", 0, bytes(range(32)))
POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, idle_s = 5 }
proxies = [{ name = "race", groups = { white = "p.white", black = "p.black" }, reference = "white" }]
windows = [{ name = "1m", size_s = 60 }, { name = "1h", size_s = 3600 }]
detection = { period_s = 60, false_alarms_per_million = 100 }
privacy = { k = 5 }
"""


@dataclass(frozen=True)
class Estimated(Decision):
    """A decision about somebody whose group is known by probabilities."""

    p: Any = None

    def encode(self) -> bytes:
        """Return the raw record."""
        record = {"id": f"d{self.number}", "t": self.time_s, "ok": self.is_approved, "p": self.p}
        return json.dumps({name: value for name, value in record.items() if value is not None}).encode()


def decisions(n: int, *, unfair: range = range(0), seed: int = 1, of: int = 10) -> list[Estimated]:
    """Return ``of`` decisions a second; between some of them, areas where more black people live are approved less."""
    draw = random.Random(seed)
    made = []
    for number in range(n):
        black = draw.choice((0.05, 0.9))
        rate = 0.25 if number in unfair and black > 0.5 else 0.7
        p = {"white": round(0.98 - black, 3), "black": black}
        made.append(Estimated(number, START_S + number // of, "", draw.random() < rate, p))
    return made


def by_minute(made: Iterable[Estimated], n_partitions: int = 1) -> list[Upload]:
    """Return uploads of a minute each, shortly after its end, over partitions."""
    uploads: dict[tuple[int, int], list[Decision]] = {}
    for decision in made:
        at = (decision.time_s // 60 * 60 + 65, decision.number % n_partitions)
        uploads.setdefault(at, []).append(decision)
    return [Upload(at_s + 0.1 * partition, partition, part) for (at_s, partition), part in sorted(uploads.items())]


def policy(**fields: Any) -> Policy:
    """Return the policy with changes of its model."""
    parsed = parse_policy(POLICY)
    return msgspec.structs.replace(parsed, models=(msgspec.structs.replace(parsed.models[0], **fields),))


def of(run: Run, test: PairTest) -> list[Alert]:
    """Return the alerts of a test."""
    return [alert for alert in run.alerts if alert.test is test]


def newest(run: Run, window: str) -> Result:
    """Return the newest result of a window."""
    results = [result for result in run.pipeline.exact_results() if result.window == window]
    return max((result for result in results if isinstance(result, Result)), key=lambda result: result.end_s)


def rows_of(result: Result) -> dict[str, GroupResult]:
    """Return the rows of a result by group."""
    return {group.group: group for group in result.groups}


def sample(records: Sequence[bytes]) -> SampleReport:
    """Return what a trial of the policy on raw records reports."""
    n = len(records)
    times_ms = np.full(n, START_S * 1000, np.int64)
    return try_sample(policy().models[0], [Batch("raw", 0, 0, n, np.arange(n), list(records), times_ms)], KEY)
