"""Sequential tests of whether the scores of a group have moved away from its own past, and an index for display.

The first decisions of each group (policy: ``score.reference_n``, in full comparison periods) are its *reference*,
frozen once. From then on the share of every bin of scores is tested against the interval of that share in the
reference. The intervals of all bins of all groups are right together in 99.9 % of references (exact intervals,
Bonferroni), however small the share of a bin, so what is left of chance is in the bounds; given that, the share of
false alarms is that of the false-alarm budget.

There is no recovery: a distribution that came back is not what it was. A group stays in breach until the policy
gathers new references, best by another ``score.version``. A drift says that scores are distributed differently, not
why: the model, the applicants or a feature may have changed.

Source: Howard, Ramdas, McAuliffe and Sekhon 2020 (the test); Clopper and Pearson 1934 (the intervals of the reference);
Siddiqi 2006 (the index).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np

from stream_app.core.arrays import Bools, Ints
from stream_app.core.detection.rate_bank import RateAlarm, RateBank
from stream_app.core.detection.score_drift import population_stability_index
from stream_app.core.groups.comparison import State
from stream_app.core.intervals.exact_tails import clopper_pearson_many
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.stored_tests import StoredTests, config_hash, former_tests, restore_tests
from stream_app.pipeline.judge.observations import DetectedDrift, DriftAlarm
from stream_app.pipeline.layout import SCORE
from stream_app.pipeline.records.alerts import NamedTest
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.pipeline.records.results import ScoreStability
from stream_app.policy import ModelPolicy, Score, canonical_label

_MISSED_REFERENCES = 0.001  # share of references of which any bin's interval misses the truth
_LOG_WARNING = math.log(100)  # a warning begins this far below the alarm
_NO_EVIDENCE = -1e250

GroupKey = tuple[str, str]  # attribute, group


class _StoredDrift(StoredTests, array_like=True, frozen=True):
    references: list[list[int]]  # cases in each bin, by group
    spans_s: list[tuple[int, int] | None]  # start and end of what is in the reference, by group
    drifts: dict[int, DetectedDrift]  # by number of the group


class ScoreDriftMonitor:
    """Scores of every declared group against its own past, reference groups too.

    Args:
        model: Policy of the cells.
        score: Its score.
        layout: Layout of the cells of its decisions.
        log_threshold: Natural log of the evidence that each bin of a group needs.
        stored: What ``state`` returned before a restart; None at the first start.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(
        self, model: ModelPolicy, score: Score, layout: CellLayout, log_threshold: float, stored: bytes | None = None
    ) -> None:
        self.keys: list[GroupKey] = [
            (attribute.name, group) for attribute in model.attributes for group in attribute.groups
        ]
        self._model, self._score = model, score
        self._bins = _Bins(layout, self.keys)
        # Dividing the counts by a design effect divides the log evidence; here the threshold is raised instead.
        self._log_threshold = log_threshold * model.detection.design_effect
        self._bank = RateBank([self._log_threshold] * (len(self.keys) * self._bins.n_bins))
        self._references = np.zeros((len(self.keys), self._bins.n_bins), np.int64)
        self._spans_s: list[tuple[int, int] | None] = [None] * len(self.keys)
        self._drifts: dict[int, DetectedDrift] = {}
        self._low, self._high = np.zeros(self._references.shape), np.ones(self._references.shape)
        detection = model.detection
        budget = (detection.design_effect, self._log_threshold)
        self._config = config_hash(model.attributes, score, model.period_s, budget)
        if stored is not None:
            self._restore(stored)

    def continue_tests(self, former: ScoreDriftMonitor) -> ContinuedTests:
        """Continue what the tests of a former policy know.

        Another ``score.version`` starts everything again, as it says; other bins gather new references, and a drift
        that was detected stays.
        """
        drifts, score, references = former._drifts, former._score, former._references
        before = {_canonical(key): number for number, key in enumerate(former.keys)}
        matched = [(row, before.pop(_canonical(key))) for row, key in enumerate(self.keys) if _canonical(key) in before]
        ended = set(before.values())
        is_same_version = self._score.version == score.version
        is_same = is_same_version and self._facts() == former._facts()
        for row, from_ in matched:
            if is_same:
                self._references[row] = references[from_]
                self._spans_s[row] = former._spans_s[from_]
                self._bank.continue_rows(former._bank, self._rows_of(row), self._rows_of(from_))
            if is_same_version and (drift := drifts.get(from_)) is not None:
                self._drifts[row] = msgspec.structs.replace(drift, bin=min(drift.bin, self._bins.n_bins - 1))
        for number in np.flatnonzero(self._is_frozen()).tolist():
            self._freeze(number)
        if not is_same_version:
            ended |= {from_ for _, from_ in matched}
        restarted = [] if is_same else [row for row, from_ in matched if references[from_].any()]
        return ContinuedTests(
            n_kept=len(matched) if is_same else 0,
            restarted=tuple(_name_of(self.keys[row]) for row in restarted),
            ended_breaches=tuple(_name_of(former.keys[row]) for row in sorted(ended & set(drifts))),
        )

    def feed(self, period: ClosedPeriod) -> list[DriftAlarm]:
        """Take in a comparison period: what belongs to a reference goes there, the rest is tested against it."""
        counts = self._bins.counts(period.cells)
        is_frozen = self._is_frozen()
        tested = counts * (is_frozen & ~self._has_drifted())[:, None]
        for number in np.flatnonzero(~is_frozen & (counts.sum(axis=1) > 0)).tolist():
            self._gather(number, counts[number], period)
        n = np.broadcast_to(tested.sum(axis=1, keepdims=True), tested.shape)
        n_model = sum(vector[0] for vector in period.cells.values())
        alarms = self._bank.update(
            period.start_s, tested.ravel(), n.ravel(), self._low.ravel(), self._high.ravel(), n_model
        )
        return self._strongest(alarms)

    def judge(self, cells: Mapping[int, list[int]]) -> dict[GroupKey, tuple[ScoreStability, Evidence]]:
        """Return how stable the scores of each group are in a window, and the evidence of its tests."""
        counts = self._bins.counts(cells)
        return {
            key: (self._stability(number, counts[number]), self._evidence(number, int(counts[number].sum())))
            for number, key in enumerate(self.keys)
        }

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return msgspec.msgpack.encode(
            _StoredDrift(self._config, self._bank.snapshot(), self._references.tolist(), self._spans_s, self._drifts)
        )

    def _restore(self, data: bytes) -> None:
        stored = restore_tests(data, _StoredDrift, config=self._config, bank=self._bank, name="tests of scores")
        if stored is None:  # of another version: what drifted has drifted, evidence starts again
            former = former_tests(data, _StoredDrift)
            if former is not None and len(former.references) == len(self.keys):
                self._drifts = former.drifts
            return
        self._references = np.array(stored.references, np.int64)
        self._spans_s, self._drifts = stored.spans_s, stored.drifts
        for number in np.flatnonzero(self._is_frozen()).tolist():
            self._freeze(number)

    def _facts(self) -> object:
        """Return what references and evidence depend on."""
        return self._score, self._model.detection.design_effect

    def _rows_of(self, number: int) -> Ints:
        return np.arange(number * self._bins.n_bins, (number + 1) * self._bins.n_bins)

    def _is_frozen(self) -> Bools:
        frozen: Bools = self._references.sum(axis=1) >= self._score.reference_n
        return frozen

    def _has_drifted(self) -> Bools:
        has_drifted = np.zeros(len(self.keys), np.bool_)
        has_drifted[list(self._drifts)] = True
        return has_drifted

    def _gather(self, number: int, counts: Ints, period: ClosedPeriod) -> None:
        self._references[number] += counts
        start_s, _ = self._spans_s[number] or (period.start_s, 0)
        self._spans_s[number] = (start_s, period.end_s)
        if self._references[number].sum() >= self._score.reference_n:
            self._freeze(number)

    def _freeze(self, number: int) -> None:
        """Set the bounds of each bin from the reference."""
        n_copies = self._model.detection.design_effect
        n = int(self._references[number].sum() / n_copies)
        k = np.minimum(n, (self._references[number] / n_copies).astype(np.int64))
        alpha = _MISSED_REFERENCES / self._references.size
        self._low[number], self._high[number] = clopper_pearson_many(k, n, alpha=alpha)

    def _strongest(self, alarms: list[RateAlarm]) -> list[DriftAlarm]:
        """Keep one alarm of each group: that of the bin with most evidence."""
        by_group: dict[int, RateAlarm] = {}
        for alarm in alarms:
            number = alarm.row // self._bins.n_bins
            if number not in by_group or alarm.log_evidence > by_group[number].log_evidence:
                by_group[number] = alarm
        return [self._drift_alarm(number, alarm) for number, alarm in by_group.items()]

    def _drift_alarm(self, number: int, alarm: RateAlarm) -> DriftAlarm:
        bin_ = alarm.row % self._bins.n_bins
        log10_e = alarm.log_evidence / math.log(10)
        drift = DetectedDrift(alarm.period_start_s, alarm.onset_s, bin_, alarm.is_above, log10_e)
        self._drifts[number] = drift
        reference = tuple(self._references[number].tolist())
        return DriftAlarm(*self.keys[number], drift, self._log_threshold / math.log(10), reference)

    def _stability(self, number: int, counts: Ints) -> ScoreStability:
        is_frozen = self._references[number].sum() >= self._score.reference_n
        start_s, end_s = self._spans_s[number] or (None, None)
        return ScoreStability(
            index=population_stability_index(self._references[number], counts) if is_frozen else None,
            reference_n=int(self._references[number].sum()),
            reference_start_s=start_s,
            reference_end_s=end_s if is_frozen else None,
        )

    def _evidence(self, number: int, n: int) -> Evidence:
        rows = slice(number * self._bins.n_bins, (number + 1) * self._bins.n_bins)
        log_sr, drift = float(self._bank.log_sr[rows].max()), self._drifts.get(number)
        best = number * self._bins.n_bins + int(self._bank.log_sr[rows].argmax())
        is_warning = log_sr >= self._log_threshold - _LOG_WARNING
        state = State.OK
        if drift is not None:
            state = State.BREACH
        elif n < self._model.rules.min_n or log_sr <= _NO_EVIDENCE:
            state = State.INSUFFICIENT
        elif is_warning:
            state = State.WARNING
        onset_s = int(self._bank.onset_s[best]) if state is State.WARNING else None
        log10_e = log_sr / math.log(10) if log_sr > _NO_EVIDENCE else None
        return Evidence(
            test=PairTest.SCORE_DRIFT,
            state=state,
            log10_e=log10_e if drift is None else drift.log10_e,
            log10_threshold=self._log_threshold / math.log(10),
            alarm_s=None if drift is None else drift.pane_s,
            onset_s=onset_s if drift is None else drift.onset_s,
            is_shown_fair=False,
        )


def _canonical(key: GroupKey) -> GroupKey:
    return key[0], canonical_label(key[1])


def _name_of(key: GroupKey) -> NamedTest:
    return NamedTest(*key, PairTest.SCORE_DRIFT.value)


class _Bins:
    """Counts of scores by group and bin, from the cells of decisions."""

    def __init__(self, layout: CellLayout, keys: list[GroupKey]) -> None:
        labels = dict(layout.dimensions)
        self._score_stride, self.n_bins = layout.radix_of(SCORE)
        self._n_groups = len(keys)
        self._numbers: list[tuple[int, Ints]] = []  # of each attribute its stride, and the group's number by label
        for name in dict.fromkeys(name for name, _ in keys):
            stride, n_labels = layout.radix_of(name)
            numbers = np.full(n_labels, self._n_groups, np.int64)  # unknown and unlisted values count nowhere
            for number, (attribute, group) in enumerate(keys):
                if attribute == name:
                    numbers[labels[name].index(group)] = number
            self._numbers.append((stride, numbers))

    def counts(self, cells: Mapping[int, list[int]]) -> Ints:
        """Return decisions by group and bin, int64."""
        codes = np.fromiter(cells, np.int64, len(cells))
        n = np.fromiter((vector[0] for vector in cells.values()), np.int64, len(cells))
        counts = np.zeros((self._n_groups + 1, self.n_bins), np.int64)
        bins = codes // self._score_stride % self.n_bins
        for stride, numbers in self._numbers:
            np.add.at(counts, (numbers[codes // stride % len(numbers)], bins), n)
        return counts[:-1]
