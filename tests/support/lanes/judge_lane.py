"""A lane of the judge in memory: partials in, its records and state out, and restarts from nothing but the state."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import PanePartial, Partial, encode_partial
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.alerts import Alert, MonitoringRestart, decode_alert_record
from stream_app.pipeline.records.outcome_results import OutcomeResult, decode_any_result
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.topology import Topology
from stream_app.policy import Policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS
from tests.support.lanes.books import book_of

PANE_S = 10


@dataclass
class JudgeLane:
    """The lane.

    Attributes:
        policy: Its first model is the one that is fed.
        state: Entries of the changelog topic.
        alerts: All alerts since the start; likewise the next three.
        results: Results about decisions.
        outcomes: Results about outcomes.
        clocks: Records of the journal.
        outputs: What the last flush wrote.
        former: Policies that were registered before, of the same model.
        restarts: Records that monitoring was restarted.
    """

    policy: Policy
    state: dict[bytes, bytes] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    outcomes: list[OutcomeResult] = field(default_factory=list)
    clocks: list[bytes] = field(default_factory=list)
    outputs: list[Outputs] = field(default_factory=list)
    former: tuple[Policy, ...] = ()
    restarts: list[MonitoringRestart] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model = self.policy.models[0]
        self.layout = layout_of(self.model)
        self.restart()

    def restart(self) -> None:
        """Restart from the state, as after a crash right after a commit."""
        book = book_of(*(model for policy in (*self.former, self.policy) for model in policy.models))
        self.judge = JudgeStep(self.policy, 0, Topology(), book)
        self.judge.restore(self.state, 0)

    def feed(self, *partials: Partial | None, now_s: float = 0.0, is_caught_up: bool = True) -> None:
        """Read partials in one batch and end the transaction; None is a record without a value."""
        n = len(partials)
        values = [None if partial is None else encode_partial(partial) for partial in partials]
        list(self.judge.step(Batch("p", 0, 0, n, np.arange(n), values, np.zeros(n, np.int64))))
        flush = self.judge.flush(now_s, is_caught_up=is_caught_up)
        for key, value in flush.changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self.outputs = flush.outputs
        for output in flush.outputs:
            for record in output.values:
                if record is not None:
                    self._read(output.topic, record)

    def close_pane(
        self, number: int, cells: Cells, *, name: str = "m", layout_hash: str | None = None, topic: str = "raw"
    ) -> None:
        """Read from the only partition of a source that a pane has closed, and its counts."""
        start_s = number * PANE_S
        self.feed(
            Partial(
                app_id="fairstream",
                model=name,
                layout_hash=layout_hash or self.model.layout_hash(),
                topic=topic,
                partition=0,
                n_partitions=1,
                next_offset=(number + 1) * 100,
                closed_before_s=start_s + PANE_S,
                max_event_s=start_s + PANE_S,
                is_idle=False,
                panes=(PanePartial(start_s, cells),),
            )
        )

    def _read(self, topic: str, record: bytes) -> None:
        if topic == FAIRNESS_ALERTS:
            alert = decode_alert_record(record)
            (self.restarts if isinstance(alert, MonitoringRestart) else self.alerts).append(alert)  # type: ignore[arg-type]
        elif topic == FAIRNESS_JOURNAL:
            self.clocks.append(record)
        elif topic == FAIRNESS_RESULTS:
            result = decode_any_result(record)
            if isinstance(result, Result):
                self.results.append(result)
            else:
                self.outcomes.append(result)
