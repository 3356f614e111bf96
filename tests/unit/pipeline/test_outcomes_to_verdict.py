"""From two partitions of the outcome-join topic to verdicts: the judge of outcomes only has to add."""

from __future__ import annotations

import random

import pytest

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.pipeline.judge.verdicts.outcomes import judge_outcomes
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import layout_of, outcome_layout_of
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import Span
from stream_app.policy import parse_policy
from tests.support.lanes.outcome_lane import NOW_S, POLICY, DecisionRow, OutcomeLane, decisions, outcomes

MODEL = parse_policy(
    POLICY.replace("max_waiting = 12", "max_waiting = 100000").replace("max_wait_d = 0.001", "max_wait_d = 1")
).models[0]
N = 6000  # decisions of each partition, over ten minutes
REPAID = {"f": 0.7, "m": 0.9}


def a_partition(seed: int) -> tuple[list[bytes], dict[str, tuple[int, int, int]]]:
    """Return a log, and by sex how many were decided, known and good."""
    rng = random.Random(seed)
    decided: list[list[DecisionRow]] = [[] for _ in range(700)]
    came: list[list[tuple[int, tuple[int, ...], bool]]] = [[] for _ in range(700)]
    truth = {"f": (0, 0, 0), "m": (0, 0, 0)}
    for tag in range(N):
        second, sex = tag // 10, rng.choice("fm")
        score = rng.randrange(500_000, 1_000_001)
        code = layout_of(MODEL).code_of((("f", "m").index(sex), 0, 1))
        decided[second].append((tag, code, score))
        is_known, is_good = rng.random() < 0.8, rng.random() < REPAID[sex]
        if is_known:
            delay = rng.randrange(1, 100)
            came[second + delay].append((NOW_S + second + delay, (tag,), is_good))
        n, known, good = truth[sex]
        truth[sex] = (n + 1, known + is_known, good + (is_known and is_good))
    log = []
    for second, (rows, labels) in enumerate(zip(decided, came, strict=True)):
        log += [outcomes(*labels)] if labels else []
        log += [decisions(NOW_S + second, *rows, model=MODEL)] if rows else []
    return log, truth


def judge(window: str, start_s: int, end_s: int, cells: Cells) -> OutcomeResult:
    context = WindowContext(Span(window, start_s, end_s), 0, {}, "h", is_close=True)
    [result] = judge_outcomes(MODEL, outcome_layout_of(MODEL), cells, context)
    return result


def test_windows_and_totals_of_two_partitions_contain_every_outcome_once() -> None:
    logs, truths = zip(*(a_partition(seed) for seed in (1, 2)), strict=True)
    minutes: dict[int, Cells] = {}
    everything: Cells = {}
    for log in logs:
        lane = OutcomeLane(MODEL)
        for first in range(0, len(log), 7):
            lane.feed(*log[first : first + 7])
            lane.flush()
        assert lane.partials[-1].next_offset == len(log)
        for start_s, cells in lane.counted.items():
            add_cells(minutes.setdefault(start_s // 60 * 60, {}), cells)
            add_cells(everything, cells)
    windows = [judge("1m", start_s, start_s + 60, cells) for start_s, cells in sorted(minutes.items())]
    total = judge("total", NOW_S, NOW_S + 720, everything)
    for sex in ("f", "m"):
        n, known, good = (sum(truth[sex][place] for truth in truths) for place in range(3))
        group = next(group for group in total.groups if group.group == sex)
        assert (group.n_awaited, group.n, group.tp, group.fp) == (n, known, good, known - good)
        assert group.without_outcome_ratio == pytest.approx(1 - known / n)
        assert group.favorable_outcome_rate.value == pytest.approx(REPAID[sex], abs=0.03)
        by_minute = [group for result in windows for group in result.groups if group.group == sex]
        assert sum(group.n for group in by_minute) == known
        assert all(group.without_outcome_ratio is None for group in by_minute)
    women = next(group for group in total.groups if group.group == "f")
    assert women.predictive_parity_difference is not None
    assert women.predictive_parity_difference.upper is not None
    assert women.predictive_parity_difference.upper < 0, "the outcomes of women are worse, beyond chance"
    assert women.equal_opportunity_difference is not None
    assert women.equal_opportunity_difference.reason == "selective_labels"
    assert women.bins[0].n == 0
