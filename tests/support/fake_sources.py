"""Source partitions as the judge sees them: events cut in panes and flushed as partials, by the plainest code.

What the judge must find is recomputed from the same events by ``windows_by_hand``, which shares no code with it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec
import numpy as np
from hypothesis import strategies as st

from stream_app.core.windows.partials import PanePartial, Partial, encode_partial, split_panes
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.results import Result, decode_result
from stream_app.pipeline.topology import Topology
from stream_app.policy import Policy, parse_policy
from stream_app.topics import FAIRNESS_RESULTS

POLICY = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", out_of_orderness_s = 7, pane_s = 10 }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
windows = [{ name = "20s", size_s = 20 }, { name = "1m", size_s = 60 }]
rules = { min_n = 3 }
revision_s = 604800
""")
FORGETFUL_POLICY = msgspec.structs.replace(  # counts in the same cells, but forgets windows soon
    POLICY, models=(msgspec.structs.replace(POLICY.models[0], revision_s=60),)
)
MODEL = POLICY.models[0]
LAYOUT = layout_of(MODEL)
LABELS = ("f", "m", "unknown", "__other__")

Event = tuple[int, int, bool]  # event time, index of the group, favorable
Flushes = list[list[Partial]]  # the parts of each flush of one partition


@dataclass
class FakeSource:
    """One partition that reads events, drops late ones and flushes; knows what it counted."""

    partition: int
    n_partitions: int
    next_offset: int = 0
    max_event_s: int | None = None
    closed_before_s: int | None = None
    panes: dict[int, dict[int, list[int]]] = field(default_factory=dict)
    counted: list[Event] = field(default_factory=list)

    def read(self, events: list[Event], *, is_idle: bool, max_cells: int) -> list[Partial]:
        changed = set()
        for event in events:
            time_s, group, is_favorable = event
            self.next_offset += 1
            pane_s = time_s // 10 * 10
            if self.closed_before_s is None or pane_s >= self.closed_before_s:
                code = LAYOUT.code_of((group, 0 if is_favorable else 1))
                self.panes.setdefault(pane_s, {}).setdefault(code, [0])[0] += 1
                self.counted.append(event)
                changed.add(pane_s)
            self.max_event_s = max(time_s, self.max_event_s if self.max_event_s is not None else time_s)
            closed_before_s = (self.max_event_s - 7) // 10 * 10
            self.closed_before_s = max(closed_before_s, self.closed_before_s or closed_before_s)
        return self._flush(sorted(changed), is_idle=is_idle, max_cells=max_cells)

    def _flush(self, changed: list[int], *, is_idle: bool, max_cells: int) -> list[Partial]:
        panes = [
            PanePartial(start, {code: list(vector) for code, vector in self.panes[start].items()}) for start in changed
        ]
        parts = split_panes(panes, max_cells)
        return [
            Partial(
                app_id="fairstream",
                model="m",
                layout_hash=MODEL.layout_hash(),
                topic="raw",
                partition=self.partition,
                n_partitions=self.n_partitions,
                next_offset=self.next_offset,
                closed_before_s=self.closed_before_s,
                max_event_s=self.max_event_s,
                is_idle=is_idle,
                part=number,
                n_parts=len(parts),
                panes=part,
            )
            for number, part in enumerate(parts)
        ]


@dataclass
class World:
    """The flushes of every partition and the events that they count."""

    flushes: list[Flushes]
    counted: list[Event]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw one to three partitions with out-of-order, late and missing events; every one falls silent in the end."""
    n_partitions = draw(st.sampled_from((2, 3, 1)))
    flushes: list[Flushes] = []
    counted: list[Event] = []
    event = st.tuples(st.integers(-30, 40), st.sampled_from((0, 1, 0, 1, 2, 3)), st.booleans())
    for partition in range(n_partitions):
        source = FakeSource(partition, n_partitions)
        runs = draw(
            st.lists(st.tuples(st.lists(event, max_size=12), st.booleans(), st.integers(1, 4)), min_size=2, max_size=5)
        )
        own = [
            source.read([(40 * turn + t, g, ok) for t, g, ok in events], is_idle=is_idle, max_cells=cells)
            for turn, (events, is_idle, cells) in enumerate(runs)
        ]
        flushes.append([*own, source.read([], is_idle=True, max_cells=4)])
        counted += source.counted
    return World(flushes, counted)


@st.composite
def orders(draw: st.DrawFn, world: World) -> list[Partial]:
    """Draw one way in which the partitions' partials can lie in the log: mixed, each partition in its own order."""
    turns = [number for number, flushes in enumerate(world.flushes) for _ in flushes]
    queues = [iter(flushes) for flushes in world.flushes]
    return [partial for number in draw(st.permutations(turns)) for partial in next(queues[number])]


def new_judge(policy: Policy = POLICY) -> JudgeStep:
    judge = JudgeStep(policy, 0, Topology())
    judge.restore({}, 0)
    return judge


def batch_of(partials: list[Partial], first_offset: int = 0) -> Batch:
    n = len(partials)
    offsets = np.arange(first_offset, first_offset + n, dtype=np.int64)
    values: list[bytes | None] = [encode_partial(partial) for partial in partials]
    return Batch("partials", 0, first_offset, first_offset + n, offsets, values, np.zeros(n, np.int64))


def results_of(outputs: list[Outputs]) -> list[Result]:
    return [decode_result(value) for run in outputs if run.topic == FAIRNESS_RESULTS for value in run.values if value]


def newest(results: list[Result]) -> dict[str, Result]:
    """Keep the last record of each key, as a compacted topic does."""
    return {result.key: result for result in results}


def windows_by_hand(events: list[Event]) -> dict[tuple[str, int], dict[str, tuple[int, int]]]:
    """Count n and favorable by window and group, straight from the events."""
    n: Counter[tuple[str, int, str]] = Counter()
    favorable: Counter[tuple[str, int, str]] = Counter()
    for time_s, group, is_favorable in events:
        for name, size_s in (("20s", 20), ("1m", 60), ("total", 0)):
            end_s = (time_s // size_s + 1) * size_s if size_s else 0
            n[name, end_s, LABELS[group]] += 1
            favorable[name, end_s, LABELS[group]] += is_favorable
    windows: dict[tuple[str, int], dict[str, tuple[int, int]]] = {}
    for (name, end_s, label), count in n.items():
        windows.setdefault((name, end_s), {})[label] = (count, favorable[name, end_s, label])
    return windows


def windows_judged(results: list[Result]) -> dict[tuple[str, int], dict[str, tuple[int, int]]]:
    """Bring results into the shape of ``windows_by_hand``."""
    return {
        (result.window, 0 if result.window == "total" else result.end_s): {
            group.group: (group.n, group.favorable) for group in result.groups if group.n
        }
        for result in newest(results).values()
    }
