"""A lane of the outcome-join topic in memory: records in, partials and state out, restarts from only the state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from stream_app.core.join.join_records import pack_decisions, pack_outcomes
from stream_app.core.join.outcome_join import JoinCounts
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.pipeline.contract import Batch, Flush
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.policy_book import PolicySearch
from stream_app.pipeline.rejected import RejectedRecord
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, parse_policy
from stream_app.topics import outcome_join_topic
from tests.support.lanes.books import book_of
from tests.support.lanes.pane_sums import panes_of, sum_by_labels

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, max_future_s = 10, idle_s = 5.0 }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
score = { path = "p", minimum = 0, maximum = 1, edges = [0.5], cut = 0.5 }

[models.outcome]
topic = "raw-outcomes"
event_id = "id"
path = "repaid"
favorable = true
unfavorable = [false]
event_time = { path = "t", format = "epoch_s" }
identifiers = [{ path = "by", link_domain = "clerk", is_required = false }]
is_selective = true
max_wait_d = 0.001
max_waiting = 12
"""
MODEL = parse_policy(POLICY).models[0]
WAIT_S = 86  # 0.001 days
MAX_WAITING = 12
NOW_S = 1_790_000_000  # the start of a pane
APP = "app"

DecisionRow = tuple[int, int, int]  # tag, cell, score in fixed point
OutcomeRow = tuple[int, tuple[int, ...], bool]  # when it came, tag in each key epoch, whether favorable
State = dict[bytes, bytes]


def decisions(time_s: int, *rows: DecisionRow, model: ModelPolicy = MODEL) -> bytes:
    """Return a record of decisions."""
    tags, cells, scores = (np.array([row[place] for row in rows]) for place in range(3))
    wide = None if model.score is None else scores.astype(np.int32)
    [record] = pack_decisions(model.layout_hash(), time_s, tags.astype(np.uint64), cells.astype(np.uint32), wide)
    return record


def outcomes(*rows: OutcomeRow) -> bytes:
    """Return a record of outcomes."""
    columns = [np.array(column, np.uint64) for column in zip(*(tags for _, tags, _ in rows), strict=True)]
    [record] = pack_outcomes(
        np.array([time_s for time_s, _, _ in rows], np.uint32), np.array([good for *_, good in rows], np.uint8), columns
    )
    return record


@dataclass
class OutcomeLane:
    """The lane.

    Attributes:
        counted: Absolute cells by start of the pane, as a judge keeps them.
        counts: All counts since the start.
        registered: Every policy with which the lane was started.
        rejected: Records that no worker writes.
        search: For which records the registry was read again.
    """

    model: ModelPolicy = MODEL
    state: State = field(default_factory=dict)
    next_offset: int = 0
    partials: list[Partial] = field(default_factory=list)
    counted: dict[int, Cells] = field(default_factory=dict)
    counts: JoinCounts = field(default_factory=JoinCounts)
    registered: list[ModelPolicy] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    search: PolicySearch = field(default_factory=PolicySearch)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Restart from the state, as after a crash right after a commit."""
        self.registered.append(self.model)
        topology = Topology({outcome_join_topic(APP, self.model.name): 4}, APP)
        self.step = OutcomeStep(self.model, 0, topology, book_of(*self.registered), self.search)
        self.step.restore(self.state, self.next_offset)

    def feed(self, *values: bytes | None) -> None:
        """Read records of the topic in one batch."""
        n, first = len(values), self.next_offset
        self.next_offset += n
        batch = Batch(
            outcome_join_topic(APP, self.model.name), 0, first, first + n, np.arange(first, first + n), list(values),
            np.zeros(n, np.int64),
        )  # fmt: skip
        assert not list(self.step.step(batch))

    def flush(self, now_s: float = NOW_S, *, is_caught_up: bool = True) -> Flush:
        """End a transaction."""
        flush = self.step.flush(now_s, is_caught_up=is_caught_up)
        for key, value in flush.changes:
            if value is None:
                del self.state[key]  # what is removed was there
            else:
                self.state[key] = value
        partials = [decode_partial(value or b"") for run in flush.outputs for value in run.values]
        self.partials += partials
        self.counted |= panes_of(partials)
        report = self.step.take_report()
        fresh = report.counts
        self.rejected += report.rejected
        for name in JoinCounts.__struct_fields__:
            setattr(self.counts, name, getattr(self.counts, name) + getattr(fresh, name))
        return flush

    def totals(self) -> dict[tuple[str, ...], list[int]]:
        """Return the sums over all panes by labels."""
        return sum_by_labels(outcome_layout_of(self.model), self.counted.values())

    def by_outcome(self) -> dict[str, int]:
        """Return how many decisions of all groups were counted under each outcome."""
        n: dict[str, int] = {}
        for labels, vector in self.totals().items():
            n[labels[-1]] = n.get(labels[-1], 0) + vector[0]
        return n


def disposed(counts: JoinCounts) -> int:
    """Return how many outcomes have a final disposition: all but those that wait."""
    return counts.matched + counts.duplicate + counts.changed + counts.expired


def cases(numbers: Iterable[int]) -> list[DecisionRow]:
    """Return a decision of cell 0 for each tag."""
    return [(number, 0, 250_000) for number in numbers]
