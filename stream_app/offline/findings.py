"""What is told about a table of counts, collected while the detectors run."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

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

MIN_N = 30  # decisions that each group needs to be called ok or watched
LOG_WATCH = math.log(100)  # this far below the threshold the watch begins


class Findings:
    """Collects what the detectors say; ``take`` every step once, in order."""

    def __init__(self, table: PaneTable, plan: Plan) -> None:
        self.table = table
        self.plan = plan
        self.changes: list[AlarmChange] = []
        self._last: PaneStep | None = None
        self._highest = np.full(len(plan.detectors), -np.inf)

    @property
    def has_alarm(self) -> bool:
        """Whether there was any alarm, also one that was cleared."""
        return any(change.is_alarm for change in self.changes)

    def take(self, step: PaneStep) -> None:
        """Note one step."""
        self.changes += step.changes
        self._highest = np.fmax(self._highest, step.log_sr)
        self._last = step

    def setup(self) -> SetupFacts:
        """Tell what is watched."""
        return SetupFacts(
            n_panes=self.table.n_panes,
            false_alarms_per_million=self.plan.false_alarms_per_million,
            design_effect=self.plan.design_effect,
            detectors=[
                DetectorFacts(
                    group=self.table.pairs[own.pair].group,
                    reference=self.table.pairs[own.pair].reference,
                    rule=own.name,
                    direction=own.direction,
                    threshold=math.exp(log_c),
                )
                for own, log_c in zip(self.plan.detectors, self.plan.log_thresholds, strict=True)
            ],
        )

    def pane(self, step: PaneStep) -> PaneFacts:
        """Tell one step."""
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
        """Tell an alarm or a recovery."""
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
            log_evidence=change.log_evidence,
            log10_evidence=change.log_evidence / math.log(10),
        )

    def pairs(self) -> Iterator[PairFacts]:
        """Tell every pair after the last pane."""
        for number, pair in enumerate(self.table.pairs):
            whole = estimate(self.table.totals(number), self.plan.design_effect)
            rules = [
                self._final(row, detector, whole)
                for row, detector in enumerate(self.plan.detectors)
                if detector.pair == number
            ]
            yield PairFacts(
                group=pair.group,
                reference=pair.reference,
                state=worst_of(rule.state for rule in rules),
                rules=rules,
                whole=whole,
                since_alarm=self._since_alarm(number, rules),
            )

    def _final(self, row: int, detector: Detector, whole: Estimate) -> FinalState:
        assert self._last is not None  # a table has a pane
        return FinalState(
            detector=row,
            rule=detector.name,
            direction=detector.direction,
            state=self._state(row, detector, whole, self._last),
            log_sr=_known(float(self._last.log_sr[row])),
            highest_log_sr=_known(float(self._highest[row])),
        )

    def _state(self, row: int, detector: Detector, whole: Estimate, last: PaneStep) -> State:
        if last.is_breach[row]:
            return State.BREACH
        if not last.has_block[row] or min(whole.n_a, whole.n_b) < MIN_N:
            return State.INSUFFICIENT
        is_near = last.log_sr[row] >= self.plan.log_thresholds[row] - LOG_WATCH
        return State.WARNING if is_near or is_beyond(detector, whole) else State.OK

    def _since_alarm(self, pair: int, rules: list[FinalState]) -> Estimate | None:
        broken = {rule.detector for rule in rules if rule.state is State.BREACH}
        alarms = [change.pane for change in self.changes if change.is_alarm and change.detector in broken]
        counts = self.table.totals(pair, max(alarms) + 1) if alarms else (0, 0, 0, 0)
        return estimate(counts, self.plan.design_effect) if counts[1] and counts[3] else None


def is_beyond(detector: Detector, size: Estimate) -> bool:
    """Tell whether the fixed-time interval lies wholly beyond the limit of a rule."""
    limit = detector.rule.limit
    if detector.rule.kind is RuleKind.RATIO:
        ends, low, high = size.ratio_interval, limit, 1 / limit
    else:
        ends, low, high = size.gap_interval, -limit, limit
    return _is_below(ends, low) if detector.direction is Direction.LOW else ends[0] > high


def _is_below(ends: Ends, limit: float) -> bool:
    return ends[1] is not None and ends[1] < limit


def _known(log_value: float) -> float | None:
    return log_value if math.isfinite(log_value) else None
