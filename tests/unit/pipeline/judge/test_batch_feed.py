"""A million decisions, uploaded in batches: no alarm while they are fair, else one at most a batch later."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.windows.partials import PanePartial, Partial
from stream_app.pipeline.records.alerts import Alert
from stream_app.policy import parse_policy
from tests.support.lanes.judge_lane import PANE_S, JudgeLane

POLICY = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
windows = [{ name = "1m", size_s = 60 }, { name = "5m", size_s = 300 }, { name = "1h", size_s = 3600 }]
""")
N_PANES, PER_PANE = 2000, 500  # five and a half hours
DRIFT_PANE = 1200


def drawn(rate_f: float) -> list[dict[int, list[int]]]:
    """Return the cells of every pane: half women, half men; women are approved less often after the drift."""
    rng = np.random.default_rng(7)
    lane = JudgeLane(POLICY)
    panes = []
    for number in range(N_PANES):
        rates = (rate_f if number >= DRIFT_PANE else 0.6, 0.6)
        cells = {}
        for sex, rate in enumerate(rates):
            n = PER_PANE // 2
            approved = int(rng.binomial(n, rate))
            for decision, count in enumerate((approved, n - approved)):
                cells[lane.layout.code_of((sex, decision))] = [count]
        panes.append(cells)
    return panes


def alerts_at(panes: list[dict[int, list[int]]], per_batch: int) -> list[tuple[int, Alert]]:
    """Upload so many panes at a time, each batch at the end of its time; return the clock at each alert."""
    lane, alerts = JudgeLane(POLICY), list[tuple[int, Alert]]()

    def report(n_read: int, batch: list[tuple[int, dict[int, list[int]]]], clock_s: int, *, is_idle: bool) -> None:
        end_s = n_read * PANE_S
        n_before = len(lane.alerts)
        partial = Partial(
            app_id="fairstream",
            model="m",
            layout_hash=lane.model.layout_hash(),
            topic="raw",
            partition=0,
            n_partitions=1,
            next_offset=n_read * PER_PANE,
            closed_before_s=end_s - PANE_S,  # an event in the last pane may still come
            max_event_s=end_s - 1,
            is_idle=is_idle,
            panes=tuple(PanePartial(start_s, cells) for start_s, cells in batch),
        )
        lane.feed(partial, now_s=float(clock_s))
        alerts.extend((clock_s, alert) for alert in lane.alerts[n_before:])

    for first in range(0, N_PANES, per_batch):
        batch = [(number * PANE_S, panes[number]) for number in range(first, min(first + per_batch, N_PANES))]
        n_read = first + len(batch)
        clock_s = n_read * PANE_S
        report(n_read, batch, clock_s, is_idle=False)
        if per_batch > 1:
            report(n_read, [], clock_s + 6, is_idle=True)
            for waited_s in range(10, per_batch * PANE_S, 60):
                lane.feed(now_s=float(clock_s + waited_s))
    return alerts


@pytest.fixture(scope="module")
def smooth() -> list[tuple[int, Alert]]:
    return alerts_at(drawn(0.42), 1)


@pytest.mark.parametrize("minutes", [2, 60])
def test_an_unfair_million_raises_the_same_alarm_at_most_a_batch_later(
    smooth: list[tuple[int, Alert]], minutes: int
) -> None:
    batched = alerts_at(drawn(0.42), 6 * minutes)
    assert smooth
    assert [(a.test, a.change, a.pane_s, a.onset_s, a.n) for _, a in batched] == [
        (a.test, a.change, a.pane_s, a.onset_s, a.n) for _, a in smooth
    ]
    assert all(late_s - early_s <= minutes * 60 for (late_s, _), (early_s, _) in zip(batched, smooth, strict=True))
    assert all(alert.pane_s >= DRIFT_PANE * PANE_S for _, alert in smooth)


def test_a_fair_million_raises_no_alarm() -> None:
    assert alerts_at(drawn(0.6), 6 * 10) == []
