"""Sequential tests of rules about pairs: from alarm to recovery, and the state of each at the end of a window.

Which counts a rule is about is not known here; ``pairs`` feeds decisions, ``gaps`` outcomes and scores. State is small,
of constant size, and part of the judge's own; ``continued_tests`` says what a changed policy leaves of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.bank import DetectorBank, Transition
from stream_app.core.detection.betting.unit_bettor import Units
from stream_app.core.detection.rules import RateRule
from stream_app.core.groups.comparison import State
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.budget import procedure_of
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests, IdentifiedTest, match_tests
from stream_app.pipeline.judge.monitors.onsets import COLUMNS, OnsetRange, OnsetSearch, SearchedChange, in_columns
from stream_app.pipeline.judge.monitors.stored_tests import StoredTests, config_hash, former_breaches, restore_tests
from stream_app.pipeline.judge.observations import Alarm
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.policy import Detection

_LOG_WARNING = math.log(100)  # a warning begins this far below the alarm
_LOG_CALM = math.log(1000)  # and may end this far below
_CALM_WINDOWS = 2  # without a reason to warn, before a warning ends
_LOG_RECOVERY = math.log(1e6)  # at most one false recovery in a million decisions, per breach
_NO_WARNING = -1
_NO_EVIDENCE = -1e250  # below any evidence, log10
_STATES = (State.OK, State.INSUFFICIENT, State.WARNING, State.BREACH)


@dataclass(frozen=True)
class MonitoredRule:
    """One test.

    Attributes:
        pair: Number of the pair that it is about.
        test: Its name.
        rule: What it takes to be true.
        row: Row of the counts that it is about.
        is_high: Whether the reference is the side that may be worse off.
        log_threshold: Natural log of the evidence that it needs.
        gate: Number of the test in whose breach alone it may raise an alarm; None for no such test.
        identity: What identifies it under other policies.
    """

    pair: int
    test: PairTest
    rule: RateRule
    row: int
    is_high: bool
    log_threshold: float
    identity: IdentifiedTest
    gate: int | None = None


@dataclass(frozen=True)
class WindowView:
    """How a window looks to each test; shape (tests,).

    Attributes:
        is_few: It has too few cases for a verdict.
        is_beyond: Its interval is entirely beyond the limit.
        is_fair: Its interval is entirely within the limit.
    """

    is_few: Bools
    is_beyond: Bools
    is_fair: Bools


class _Breach(NamedTuple):
    """An open breach."""

    alarm_s: int  # start of the period with the alarm
    onset: OnsetRange


class _StoredRules(StoredTests, array_like=True, frozen=True):
    breaches: dict[int, _Breach]  # by test
    ended_s: dict[int, int]  # onset of the newest recovery, by test
    calm: dict[str, bytes]  # by window: windows without a reason to warn, per test


class RuleMonitor:
    """Tests of rules, each fed with counts of its own.

    Args:
        rules: The tests, in a fixed order.
        strata: Labels of the strata whose evidence is added up.
        detection: How alarms are selected, and what divides all counts.
        n_units: Parts of a period that do not depend on one another; None where each decision is one.
        config: What the tests depend on beside these.
        onsets: Where the onsets of alarms and warnings are searched.
        stored: What ``state`` returned before a restart; None at the first start.
        make_bank: Makes the detectors; those of another kind take counts with more columns.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(
        self,
        rules: Sequence[MonitoredRule],
        *,
        strata: Sequence[str],
        detection: Detection,
        config: object,
        onsets: OnsetSearch,
        stored: bytes | None,
        make_bank: Callable[..., DetectorBank] = DetectorBank,
        n_units: int | None = None,
    ) -> None:
        self._rules, self._strata = rules, strata
        self._bank = make_bank(
            [test.rule for test in rules],
            [test.log_threshold for test in rules],
            n_strata=len(strata),
            design_effect=detection.design_effect if n_units is None else Units(n_units),
            log_recovery_threshold=_LOG_RECOVERY,
            gates=[number if test.gate is None else test.gate for number, test in enumerate(rules)],
            procedure=procedure_of(detection),
        )
        self._onsets = onsets
        self._warned: dict[int, OnsetRange] = {}  # onsets of warnings, searched since the last period
        self._rows = np.array([test.row for test in rules], np.intp)
        self._columns = np.array([COLUMNS[test.is_high] for test in rules], np.intp).reshape(-1, 1, 4)
        self._breaches: dict[int, _Breach] = {}
        self._ended_s: dict[int, int] = {}
        self._calm: dict[str, NDArray[np.int8]] = {}
        limits = [(test.pair, test.test, test.rule.limit, test.log_threshold, test.gate) for test in rules]
        self._config = config_hash(limits, config)
        if stored is not None:
            self._restore(stored)

    def continue_tests(self, former: RuleMonitor) -> ContinuedTests:
        """Continue what the tests of a former policy know; to be called before anything else is fed."""
        bank, breaches, calm = former._bank, former._breaches, former._calm
        former_strata, former_rules = former._strata, former._rules
        identities, before = ([test.identity for test in rules] for rules in (self._rules, former_rules))
        matched = match_tests(identities, before)
        strata = [
            (number, former_strata.index(label)) for number, label in enumerate(self._strata) if label in former_strata
        ]
        rows, former_rows = np.array(matched.kept, np.intp).reshape(-1, 2).T
        self._bank.continue_rows(bank, rows, former_rows, strata)
        changed = [(row, from_) for row, from_ in matched.changed if bank.is_breach[from_]]
        for row, from_ in changed:
            self._bank.open_breaches(np.array([row]), bank.breach_onset_s[[from_]])
        self._breaches = {row: breaches[from_] for row, from_ in (*matched.kept, *changed) if from_ in breaches}
        self._ended_s = {row: former._ended_s[from_] for row, from_ in matched.kept if from_ in former._ended_s}
        for window, counts in calm.items():
            self._calm[window] = np.full(len(self._rules), _NO_WARNING, np.int8)
            self._calm[window][rows] = counts[former_rows]
        return ContinuedTests(
            n_kept=len(matched.kept),
            restarted=tuple(identities[row].name for row, from_ in matched.changed if bank.has_block[from_]),
            open_breaches=tuple(identities[row].name for row, _ in changed),
            ended_breaches=tuple(before[from_].name for from_ in matched.gone if bank.is_breach[from_]),
        )

    @property
    def design_effects(self) -> Floats | None:
        """Design effect of each test as measured so far, nan before its first comparison; None without units."""
        return self._bank.design_effects

    def feed(
        self, period: ClosedPeriod, counts: Ints, units: Ints | None = None, candidates: Ints | None = None
    ) -> list[Alarm]:
        """Take in a comparison period, which is in the history already; return the alarms and recoveries it causes.

        Args:
            period: The period; all its cases count towards the bound on false alarms.
            counts: ``k, n, k_ref, n_ref`` by row and stratum, shape (rows, strata, 4); or more columns in such fours.
            units: The same by row and unit, shape (rows, units, 4); None where each decision is one.
            candidates: The same of decisions of unknown groups, by stratum, to count at their worst; None for none.
        """
        self._onsets.note(period, counts)
        self._warned.clear()
        n_model = sum(vector[0] for vector in period.cells.values())
        by_test = in_columns((counts if units is None else units)[self._rows], self._columns)
        unknown = None if candidates is None else in_columns(candidates[self._rows], self._columns)
        transitions = self._bank.update(period.start_s, by_test, n_model, unknown)
        return [self._change(transition) for transition in transitions]

    def judge(self, window: str, view: WindowView, *, is_close: bool) -> list[Evidence]:
        """Return state and evidence of each test at the end of a window.

        Args:
            window: Name of the window.
            view: How it looks to each test.
            is_close: Whether it has just closed; a warning ends by windows that close, not by judging one again.
        """
        is_near = self._bank.log_sr >= self._bank.log_needed - _LOG_WARNING
        # A window with too few cases for a verdict is too small for a warning, too: not now and not while it lingers.
        is_warning = self._warnings(window, is_near | (view.is_beyond & ~view.is_few), is_close=is_close)
        is_unknown = view.is_few | ~self._bank.has_block
        level = np.where(self._bank.is_breach, 3, np.where(is_unknown, 1, np.where(is_warning, 2, 0)))
        return self._evidence(level, view.is_fair)

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        calm = {window: calm.tobytes() for window, calm in self._calm.items()}
        stored = _StoredRules(self._config, self._bank.snapshot(), self._breaches, self._ended_s, calm)
        return msgspec.msgpack.encode(stored)

    def _restore(self, data: bytes) -> None:
        if (former := former_breaches(data, len(self._rules))) is not None:
            for row, (alarm_s, onset_s) in former.items():
                self._bank.open_breaches(np.array([row]), np.array([onset_s]))
                self._breaches[row] = _Breach(alarm_s, OnsetRange(onset_s))
            return
        stored = restore_tests(data, _StoredRules, config=self._config, bank=self._bank, name="sequential tests")
        if stored is None:
            return
        self._breaches, self._ended_s = stored.breaches, stored.ended_s
        self._calm = {window: np.frombuffer(calm, np.int8).copy() for window, calm in stored.calm.items()}

    def _warnings(self, window: str, is_hot: Bools, *, is_close: bool) -> Bools:
        calm = self._calm.get(window)
        if calm is None:
            calm = np.full(len(is_hot), _NO_WARNING, np.int8)
        if is_close:
            is_cold = self._bank.log_sr < self._bank.log_needed - _LOG_CALM
            longer = np.where(calm == _NO_WARNING, _NO_WARNING, np.minimum(calm + 1, _CALM_WINDOWS))
            ended = np.where((longer >= _CALM_WINDOWS) & is_cold, _NO_WARNING, longer)
            self._calm[window] = calm = np.where(is_hot, 0, ended).astype(np.int8)
        is_warning: Bools = is_hot | (calm != _NO_WARNING)
        return is_warning

    def _evidence(self, level: Ints, is_fair: Bools) -> list[Evidence]:
        bank = self._bank
        log_e = np.where(bank.is_breach, bank.log_recovery, bank.log_sr) / math.log(10)
        threshold = bank.log_needed / math.log(10)
        rows = zip(level.tolist(), is_fair.tolist(), log_e.tolist(), threshold.tolist(), strict=True)
        return [
            self._test_evidence(number, _STATES[state], log10_e, log10_threshold, is_shown_fair=is_shown_fair)
            for number, (state, is_shown_fair, log10_e, log10_threshold) in enumerate(rows)
        ]

    def _test_evidence(
        self, number: int, state: State, log10_e: float, log10_threshold: float, *, is_shown_fair: bool
    ) -> Evidence:
        breach = self._breaches.get(number)
        onset = breach.onset if breach is not None else self._warned_onset(number) if state is State.WARNING else None
        return Evidence(
            test=self._rules[number].test,
            state=state,
            log10_e=log10_e if log10_e > _NO_EVIDENCE else None,
            log10_threshold=log10_threshold,
            alarm_s=None if breach is None else breach.alarm_s,
            onset_s=None if onset is None else onset.best_s,
            is_shown_fair=is_shown_fair,
            onset_earliest_s=None if onset is None else onset.earliest_s,
            onset_latest_s=None if onset is None else onset.latest_s,
        )

    def _warned_onset(self, number: int) -> OnsetRange | None:
        own_s = int(self._bank.onset_s[number])
        if own_s < 0:
            return None
        if number not in self._warned:
            self._warned[number] = self._find_onset(number, own_s, is_recovery=False)
        return self._warned[number]

    def _find_onset(self, number: int, own_s: int, *, is_recovery: bool) -> OnsetRange:
        test = self._rules[number]
        since_s = self._breaches[number].onset.best_s if is_recovery else self._ended_s.get(number)
        change = SearchedChange(test.row, test.is_high, test.rule, since_s, own_s, is_recovery)
        return self._onsets.find(change)

    def _change(self, transition: Transition) -> Alarm:
        """Open or close a breach, and return the alarm or recovery."""
        number, is_breach = transition.detector, transition.to_breach
        onset = self._find_onset(number, transition.onset_s, is_recovery=not is_breach)
        if is_breach:
            self._breaches[number] = _Breach(transition.period_start_s, onset)
        else:
            del self._breaches[number]
            self._ended_s[number] = onset.best_s
        return Alarm(
            pair=self._rules[number].pair,
            test=self._rules[number].test,
            is_breach=is_breach,
            pane_s=transition.period_start_s,
            onset_s=onset.best_s,
            onset_earliest_s=onset.earliest_s,
            onset_latest_s=onset.latest_s,
            log10_e=transition.log_evidence / math.log(10),
            log10_threshold=transition.log_threshold / math.log(10),
        )
