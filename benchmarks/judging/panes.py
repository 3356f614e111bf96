"""The policy of the benchmark and its counts: three attributes of 3, 6 and 6 groups, 108 cells, times 10 segments."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.policy import ModelPolicy, parse_policy

GROUPS = {"a": 3, "b": 6, "c": 6}
N_SEGMENTS = 10
N_CELLS = 3 * 6 * 6 * N_SEGMENTS
_RATE = 0.7
_SEED = 20
_POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = {{ path = "id", link_domain = "d" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t" }}
attributes = [{attributes}]
segment = {{ name = "segment", path = "segment", values = {segments} }}
detection = {{ is_stratified = {is_stratified} }}
"""

Value = TypeVar("Value")


class Row(NamedTuple):
    """How often one decision was made about one cell in a pane."""

    a: int
    b: int
    c: int
    segment: int
    is_favorable: int
    n: int


def policy_of(*, is_stratified: bool) -> ModelPolicy:
    """Return the policy; the first group of each attribute is its reference."""
    attributes = [
        f'{{ name = "{name}", path = "{name}", groups = {labels_of(name)}, reference = "{name}0" }}' for name in GROUPS
    ]
    text = _POLICY.format(
        attributes=", ".join(attributes),
        segments=json.dumps([f"s{number}" for number in range(N_SEGMENTS)]),
        is_stratified=json.dumps(is_stratified),
    )
    return parse_policy(text).models[0]


def labels_of(attribute: str) -> str:
    """Return the groups of an attribute as TOML."""
    return json.dumps([f"{attribute}{number}" for number in range(GROUPS[attribute])])


def draw_panes(n_panes: int, mean_n: float) -> list[list[Row]]:
    """Draw panes with ``mean_n`` decisions on average in each cell of attributes and segment; all groups are equal."""
    rng = np.random.default_rng(_SEED)
    panes = []
    for _ in range(n_panes):
        n = rng.poisson(mean_n, (*GROUPS.values(), N_SEGMENTS))
        favorable = rng.binomial(n, _RATE)
        counts = np.stack([n - favorable, favorable], axis=-1)
        places = np.argwhere(counts)
        panes.append(
            [Row._make((*place, n)) for place, n in zip(places.tolist(), counts[counts > 0].tolist(), strict=True)]
        )
    return panes


def cells_of(layout: CellLayout, rows: list[Row]) -> Cells:
    """Return a pane in the form that the judge gets; the favorable decision is the first of its dimension."""
    return {layout.code_of((row.a, row.b, row.c, row.segment, 1 - row.is_favorable)): [row.n] for row in rows}


def timed(function: Callable[[], Value]) -> tuple[float, Value]:
    """Return the CPU time of a call in this thread, in milliseconds, and its result."""
    started_s = time.thread_time()
    value = function()
    return 1000 * (time.thread_time() - started_s), value
