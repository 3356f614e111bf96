"""Forged changes of counts: the judge goes on, and every count stays one that records can have."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.partials import PanePartial, Partial, encode_partial
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.layout import DECISION, amount_scale_of, cell_limits_of, n_buckets_of, pane_layout_of
from stream_app.pipeline.topology import Topology
from stream_app.policy import PROBABILITY_SCALE, ModelPolicy, Policy, load_policy, parse_policy

DECISIONS = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "d" }}
decision = {{ {decision} }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 20, pane_s = 10 }}
{more}
attributes = [{{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }}]
windows = [{{ name = "1m", size_s = 60 }}, {{ name = "10m", size_s = 600 }}]
"""
RATES = 'path = "rate", kind = "amount", minimum = 0, maximum = 36, favorable = "low"'
OK = 'path = "ok", favorable = true, unfavorable = [false]'
PROXIES = 'proxies = [{ name = "race", groups = { white = "p.w", black = "p.b" }, reference = "white" }]'
POLICIES = {
    "rates": parse_policy(DECISIONS.format(decision=RATES, more="rules = { max_mean_difference = 0.25 }")),
    "hours": load_policy("allocations"),
    "cameras": load_policy("cameras"),
    "decisions": parse_policy(DECISIONS.format(decision=OK, more="")),
    "clusters": parse_policy(DECISIONS.format(decision=OK, more='cluster = "officer"')),
    "proxies": parse_policy(DECISIONS.format(decision=OK, more=PROXIES)),
}
START_S = 1_800_000_000
N_PANES = 20


def counted(model: ModelPolicy, rng: random.Random, n: int) -> Cells:
    """Return the cells of records that may have come."""
    layout, scale = pane_layout_of(model), amount_scale_of(model)
    cells: Cells = {}
    n_proxied = sum(len(proxy.groups) for proxy in model.proxies)
    for _ in range(n):
        code = rng.randrange(layout.size)
        values = [rng.randrange(100) for _ in model.features]
        values += [rng.randrange(PROBABILITY_SCALE) for _ in range(n_proxied)]
        values += [rng.randrange(100) for _ in range(layout.n_features - len(values))]
        if scale is not None:
            stride, n_bins = layout.radix_of(DECISION)
            values[-1] = scale.step * (code // stride % n_bins) + rng.randrange(scale.step)
        add_cells(cells, {code: [1, *(part for value in values for part in (1, value, value * value))]})
    return cells


@dataclass
class Court:
    """A judge of one model and two source partitions, the second of which is silent."""

    policy: Policy
    reports: list[JudgeReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model = self.policy.models[0]
        self.step = JudgeStep(self.policy, 0, Topology({self.model.topic: 2}))

    def partial(self, partition: int, number: int, **changes: Any) -> Partial:
        closed_s = START_S + number * self.model.event_time.pane_s
        changes = {"is_idle": False, "panes": (), **changes}
        return Partial(
            app_id="fairstream", model=self.model.name, layout_hash=self.model.layout_hash(), topic=self.model.topic,
            partition=partition, n_partitions=2, next_offset=(number + 2) * 100, closed_before_s=closed_s,
            max_event_s=closed_s, policy_hash=self.model.hash(), **changes,
        )  # fmt: skip

    def feed(self, *partials: Partial) -> JudgeReport:
        n = len(partials)
        list(self.step.step(Batch("p", 0, 0, n, np.arange(n), [*map(encode_partial, partials)], np.zeros(n, np.int64))))
        self.step.flush(0.0, is_caught_up=False)
        self.reports.append(self.step.take_report())
        return self.reports[-1]

    def sums(self) -> Iterator[tuple[Cells, int]]:
        """Yield the counts of everything that is judged, and into how many buckets each cell is divided."""
        tally = self.step._judges[self.model.name]._tally
        yield from ((window.cells, 1) for window in tally.windows.values())
        yield tally.total.cells, 1
        if tally.periods is not None:
            yield from ((cells, n_buckets_of(self.model)) for cells in tally.periods.untested.values())


def forged(court: Court, rng: random.Random, number: int, honest: Mapping[int, Cells]) -> Partial:
    """Return a partial whose changes take away what is not there, or leave what cannot be."""
    pane_s = court.model.event_time.pane_s
    panes = []
    for start_s in rng.sample([START_S + place * pane_s for place in range(number + 1)], min(number + 1, 4)):
        change = {code: list(vector) for code, vector in counted(court.model, rng, 3).items()}
        add_cells(change, dict(rng.sample(list(honest[start_s].items()), min(3, len(honest[start_s])))), sign=-1)
        for vector in change.values():
            if rng.random() < 0.5:
                vector[rng.randrange(len(vector))] = rng.choice((-1, 1)) * rng.choice((1, 5, 10**6, 2**39))
        panes.append(PanePartial(start_s, change))
    facts = {"corrections": tuple(panes), "recounted_since": 0, "counted_since": rng.randrange(10**6)}
    return msgspec.structs.replace(court.partial(rng.randrange(2), number + 1), **facts)


@pytest.mark.parametrize("kind", POLICIES)
@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10**9))
def test_no_forged_change_stops_the_judge(kind: str, seed: int) -> None:
    rng, court, alone = random.Random(seed), Court(POLICIES[kind]), Court(POLICIES[kind])
    pane_s, limits = court.model.event_time.pane_s, cell_limits_of(court.model)
    panes: dict[int, Cells] = {}
    for number in range(N_PANES):
        start_s = START_S + number * pane_s
        panes[start_s] = counted(court.model, rng, 20)
        honest = [
            court.partial(0, number + 1, panes=(PanePartial(start_s, panes[start_s]),)),
            court.partial(1, number + 1, is_idle=True, panes=(PanePartial(start_s, counted(court.model, rng, 3)),)),
        ]
        alone.feed(*honest)
        court.feed(*honest, *([forged(court, rng, number, panes)] if rng.random() < 0.3 else []))
        if court.model.kind != "counts":
            for cells, n_buckets in court.sums():
                assert all(limits.allow(code // n_buckets, vector) for code, vector in cells.items())
    closed = [
        [sum(report.models[each.model.name].n_closed.values()) for report in each.reports] for each in (court, alone)
    ]
    assert closed[0] == closed[1]
    assert sum(closed[0]) > 0
