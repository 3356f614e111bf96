"""Collects the alarms and states of a table of counts while the detectors run."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from stream_app.core.cause.over_time import Period, TimeParts, split_over_time
from stream_app.core.detection.rules import RuleKind
from stream_app.core.groups.comparison import State, worst_of
from stream_app.offline.estimates import Ends, Estimate, estimate
from stream_app.offline.facts import (
    ChangeFacts,
    DetectorFacts,
    FinalState,
    PairFacts,
    PairReading,
    PaneFacts,
    SetupFacts,
)
from stream_app.offline.plan import Detector, Direction, Plan
from stream_app.offline.run import AlarmChange, PaneStep
from stream_app.offline.table import PaneTable

MIN_N = 30  # decisions that each group needs for the state ok or warning
LOG_WARNING = math.log(100)  # this far below the threshold the warning starts
MAX_ROWS_SPLIT = 20_000  # rows over which a gap is split


class DetectionRun:
    """Collects the steps of the detectors; ``take`` every step once, in order.

    Args:
        table: What the detectors are fed.
        plan: The detectors.
        rows: The rows that were added up to the panes of the table; None where they are its panes.
    """

    def __init__(self, table: PaneTable, plan: Plan, rows: PaneTable | None = None) -> None:
        self.table = table
        self._rows = table if rows is None else rows
        self.plan = plan
        self.changes: list[AlarmChange] = []
        self._last: PaneStep | None = None
        self._highest = np.full(len(plan.detectors), -np.inf)

    @property
    def has_alarm(self) -> bool:
        """Whether there was any alarm, including alarms that recovered."""
        return any(change.is_alarm for change in self.changes)

    def take(self, step: PaneStep) -> None:
        """Add one step."""
        self.changes += step.changes
        self._highest = np.fmax(self._highest, step.log_sr)
        self._last = step

    def setup(self) -> SetupFacts:
        """Return the detectors of the call."""
        return SetupFacts(
            n_panes=self.table.n_panes,
            false_alarms_per_million=self.plan.false_alarms_per_million,
            design_effect=self.plan.design_effect,
            detectors=[
                DetectorFacts(
                    group=self.table.pairs[detector.pair].group,
                    reference=self.table.pairs[detector.pair].reference,
                    rule=detector.name,
                    direction=detector.direction,
                    threshold=math.exp(log_c),
                )
                for detector, log_c in zip(self.plan.detectors, self.plan.log_thresholds, strict=True)
            ],
        )

    def pane(self, step: PaneStep) -> PaneFacts:
        """Return the facts of one step."""
        return PaneFacts(
            pane=step.pane,
            label=self.table.labels[step.pane],
            readings=[
                PairReading(
                    detector=number,
                    log_sr=_known(log_sr),
                    log_eproc=log_eproc,
                    log_recovery=_known(log_recovery),
                    is_breach=is_breach,
                )
                for number, (log_sr, log_eproc, log_recovery, is_breach) in enumerate(
                    zip(
                        step.log_sr.tolist(),
                        step.log_eproc.tolist(),
                        step.log_recovery.tolist(),
                        step.is_breach.tolist(),
                        strict=True,
                    )
                )
            ],
        )

    def change(self, change: AlarmChange) -> ChangeFacts:
        """Return the facts of an alarm or a recovery."""
        detector = self.plan.detectors[change.detector]
        pair = self.table.pairs[detector.pair]
        return ChangeFacts(
            type="alarm" if change.is_alarm else "recovery",
            detector=change.detector,
            group=pair.group,
            reference=pair.reference,
            rule=detector.name,
            direction=detector.direction,
            pane=change.pane,
            label=self.table.labels[change.pane],
            onset_pane=change.onset,
            onset_label=self.table.labels[change.onset],
            onset_earliest_pane=change.onset_earliest,
            onset_earliest_label=self.table.labels[change.onset_earliest],
            onset_latest_pane=change.onset_latest,
            onset_latest_label=self.table.labels[change.onset_latest],
            log_evidence=change.log_evidence,
            log10_evidence=change.log_evidence / math.log(10),
        )

    def pairs(self) -> Iterator[PairFacts]:
        """Yield the facts of every pair after the last pane."""
        for number, pair in enumerate(self.table.pairs):
            overall = estimate(self.table.totals(number), self.plan.design_effect)
            rules = [
                self._final(row, detector, overall)
                for row, detector in enumerate(self.plan.detectors)
                if detector.pair == number
            ]
            yield PairFacts(
                group=pair.group,
                reference=pair.reference,
                state=worst_of(rule.state for rule in rules),
                rules=rules,
                n_compared=self.table.compared(number).size,
                overall=overall,
                over_time=self._over_time(number),
                since_alarm=self._since_alarm(number, rules),
            )

    def _over_time(self, pair: int) -> TimeParts | None:
        counts = self._rows.counts[:, pair]
        if len(counts) > MAX_ROWS_SPLIT:
            return None
        return split_over_time(Period({"": (n_a, k_a)}, {"": (n_b, k_b)}) for k_a, n_a, k_b, n_b in counts.tolist())

    def _final(self, row: int, detector: Detector, overall: Estimate) -> FinalState:
        assert self._last is not None  # a table has a pane
        return FinalState(
            detector=row,
            rule=detector.name,
            direction=detector.direction,
            state=self._state(row, detector, overall, self._last),
            log_sr=_known(float(self._last.log_sr[row])),
            highest_log_sr=_known(float(self._highest[row])),
        )

    def _state(self, row: int, detector: Detector, overall: Estimate, last: PaneStep) -> State:
        if last.is_breach[row]:
            return State.BREACH
        if not last.has_block[row] or min(overall.n_a, overall.n_b) < MIN_N:
            return State.INSUFFICIENT
        is_near = last.log_sr[row] >= self.plan.log_thresholds[row] - LOG_WARNING
        return State.WARNING if is_near or is_beyond(detector, overall) else State.OK

    def _since_alarm(self, pair: int, rules: list[FinalState]) -> Estimate | None:
        violated = {rule.detector for rule in rules if rule.state is State.BREACH}
        alarms = [change.pane for change in self.changes if change.is_alarm and change.detector in violated]
        counts = self.table.totals(pair, max(alarms) + 1) if alarms else (0, 0, 0, 0)
        return estimate(counts, self.plan.design_effect) if counts[1] and counts[3] else None


def is_beyond(detector: Detector, overall: Estimate) -> bool:
    """Return whether the complete single-look interval is beyond the limit of a rule."""
    limit = detector.rule.limit
    if detector.rule.kind is RuleKind.RATIO:
        ends, low, high = overall.ratio_interval, limit, 1 / limit
    else:
        ends, low, high = overall.gap_interval, -limit, limit
    return _is_below(ends, low) if detector.direction is Direction.LOW else ends[0] > high


def _is_below(ends: Ends, limit: float) -> bool:
    return ends[1] is not None and ends[1] < limit


def _known(log_value: float) -> float | None:
    return log_value if math.isfinite(log_value) else None
