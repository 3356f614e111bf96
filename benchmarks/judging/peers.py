"""The four-fifths ratios of all pairs in one pane, and nothing else: by FairStream, by pandas and by Fairlearn.

pandas gets the same counts as FairStream. Fairlearn's ``MetricFrame`` gets decisions, one row each. Neither tests,
explains or stores anything.
"""

from __future__ import annotations

import math
from itertools import combinations
from statistics import median
from typing import Any

from benchmarks.judging.panes import GROUPS, Row, cells_of, draw_panes, policy_of, timed
from stream_app.core.windows.cells import Cells
from stream_app.pipeline.judge.monitors.pairs import PairMonitor
from stream_app.pipeline.layout import layout_of

Key = tuple[tuple[str, ...], tuple[int, ...]]  # attributes, number of the group of each
Ratios = dict[Key, float]  # of pairs whose ratio can be formed

_CHOICES = [list(chosen) for depth in (1, 2, 3) for chosen in combinations(GROUPS, depth)]
_TOLERANCE = 1e-12


def measure_peers(mean_n: float, *, n_panes: int) -> dict[str, float]:
    """Return ms of CPU time for each pane, medians, by name; ``ours`` forms the same ratios from the cells.

    Raises:
        AssertionError: a peer computes different ratios.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import, needed here only
    from fairlearn.metrics import MetricFrame, selection_rate  # noqa: PLC0415

    model = policy_of(is_stratified=False)
    layout = layout_of(model)
    monitor = PairMonitor(model, layout)

    def ours(cells: Cells) -> Ratios:
        ratios: Ratios = {}
        for pair, (k, n, k_ref, n_ref) in zip(monitor.pairs, monitor.counts(cells).tolist(), strict=True):
            if n and k_ref:
                ratios[pair.attributes, tuple(int(label[1:]) for label in pair.labels)] = k * n_ref / (n * k_ref)
        return ratios

    def by_pandas(frame: Any) -> Ratios:
        ratios: Ratios = {}
        frame["k"] = frame["n"] * frame["is_favorable"]
        for chosen in _CHOICES:
            sums = frame.groupby(chosen)[["n", "k"]].sum()
            ratios |= to_ratios(chosen, (sums["k"] / sums["n"]).to_dict())
        return ratios

    def by_fairlearn(frame: Any) -> Ratios:
        ratios: Ratios = {}
        decided = frame["is_favorable"]
        for chosen in _CHOICES:
            rates = MetricFrame(
                metrics=selection_rate, y_true=decided, y_pred=decided, sensitive_features=frame[chosen]
            )
            ratios |= to_ratios(chosen, rates.by_group.to_dict())
        return ratios

    spent: dict[str, list[float]] = {"ours": [], "pandas": [], "fairlearn": []}
    for rows in draw_panes(n_panes, mean_n):
        cells, counted = cells_of(layout, rows), pd.DataFrame(rows, columns=Row._fields)
        decided = counted.loc[counted.index.repeat(counted["n"])]
        our_ms, expected = timed(lambda cells=cells: ours(cells))  # type: ignore[misc]
        pandas_ms, ratios = timed(lambda frame=counted: by_pandas(frame))  # type: ignore[misc]
        check("pandas", ratios, expected)
        fairlearn_ms, ratios = timed(lambda frame=decided: by_fairlearn(frame))  # type: ignore[misc]
        check("fairlearn", ratios, expected)
        for name, ms in zip(spent, (our_ms, pandas_ms, fairlearn_ms), strict=True):
            spent[name].append(ms)
    return {name: median(measured) for name, measured in spent.items()}


def to_ratios(chosen: list[str], rates: dict[Any, float]) -> Ratios:
    """Divide the rate of each group by that of the reference, group 0 of each attribute."""
    known = {(key if isinstance(key, tuple) else (key,)): rate for key, rate in rates.items() if not math.isnan(rate)}
    reference = (0,) * len(chosen)
    if not known.get(reference):
        return {}
    return {
        (tuple(chosen), tuple(map(int, key))): rate / known[reference]
        for key, rate in known.items()
        if key != reference
    }


def check(name: str, ratios: Ratios, expected: Ratios) -> None:
    """Compare the ratios of a peer with ours.

    Raises:
        AssertionError: they differ.
    """
    assert ratios.keys() == expected.keys(), f"{name} compares different pairs"
    is_equal = all(math.isclose(ratios[key], expected[key], rel_tol=_TOLERANCE) for key in ratios)
    assert is_equal, f"{name}: different ratios"
