"""Groups that are known by probabilities, from raw records to results, alerts, replay and a changed policy."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pytest

from fairstream.testing import InMemoryPipeline
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import GroupResult, Result
from stream_app.policy import Policy, parse_policy
from tests.support.feeds import START_S, Decision, Upload, play, replayed_alerts, without_offsets

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

    p: Any = field(default=None)

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
    uploads: dict[tuple[int, int], list[Decision]] = {}
    for decision in made:
        at = (decision.time_s // 60 * 60 + 65, decision.number % n_partitions)
        uploads.setdefault(at, []).append(decision)
    return [Upload(at_s + 0.1 * partition, partition, part) for (at_s, partition), part in sorted(uploads.items())]


def policy(**fields: Any) -> Policy:
    parsed = parse_policy(POLICY)
    return msgspec.structs.replace(parsed, models=(msgspec.structs.replace(parsed.models[0], **fields),))


if __name__ == "__main__":
    run = play(by_minute(decisions(60_000, unfair=range(20_000, 40_000))), policy())
    for a in run.alerts:
        print(a.test, a.change, (a.onset_s-START_S)*10, (a.at_s-START_S)*10, a.rate, a.disparate_impact_ratio, a.log10_threshold)
    print(msgspec.json.format(msgspec.json.encode(run.alerts[0])).decode())
    res = [r for r in run.pipeline.exact_results() if r.window == "1h"]
    print(msgspec.json.format(msgspec.json.encode(res[0])).decode()[:6000])
    assert replayed_alerts(run.pipeline) and without_offsets(replayed_alerts(run.pipeline)) == without_offsets(run.alerts)
