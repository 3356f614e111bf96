"""Sequential tests of rules about pairs: from alarm to recovery, and the state of each at the end of a window.

Which counts a rule is about is not known here; ``pairs`` feeds decisions, ``gaps`` outcomes and scores. State is small,
of constant size, and part of the judge's own; ``continued_tests`` says what a changed policy leaves of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Bools, Ints
from stream_app.core.detection.bank import DetectorBank, Transition
from stream_app.core.detection.rules import RateRule
from stream_app.core.groups.comparison import State
from stream_app.pipeline.judge.budget import procedure_of
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests, IdentifiedTest, match_tests
from stream_app.pipeline.judge.monitors.stored_tests import StoredTests, config_hash, restore_tests
from stream_app.pipeline.judge.observations import Alarm
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.policy import Detection

_LOG_WARNING = math.log(100)  # a warning begins this far below the alarm
_LOG_CALM = math.log(1000)  # and may end this far below
_CALM_WINDOWS = 2  # without a reason to warn, before a warning ends
_LOG_RECOVERY = math.log(1e6)  # at most one false recovery in a million decisions, per breach
_NO_WARNING = -1
_NO_EVIDENCE = -1e250  # below any evidence, log10
_SERIOUS = (State.WARNING, State.BREACH)
_STATES = (State.OK, State.INSUFFICIENT, State.WARNING, State.BREACH)


@dataclass(frozen=True)
class MonitoredRule:
    """One test.

    Attributes:
        pair: Number of the pair that it is about.
        test: Its name.
        rule: What it takes to be true.
        log_threshold: Natural log of the evidence that it needs.
        gate: Number of the test in whose breach alone it may raise an alarm; None for no such test.
        identity: What identifies it under other policies.
    """

    pair: int
    test: PairTest
    rule: RateRule
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


class _StoredRules(StoredTests, array_like=True, frozen=True):
    alarms_s: dict[int, int]  # start of the pane with the alarm, by detector in breach
    calm: dict[str, bytes]  # by window: windows without a reason to warn, per detector


class RuleMonitor:
    """Tests of rules, each fed with counts of its own.

    Args:
        rules: The tests, in a fixed order.
        strata: Labels of the strata whose evidence is added up.
        detection: How alarms are selected, and what divides all counts.
        config: What the tests depend on beside these.
        stored: What ``state`` returned before a restart; None at the first start.

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
        stored: bytes | None,
    ) -> None:
        self._rules, self._strata = rules, strata
        self._bank = DetectorBank(
            [test.rule for test in rules],
            [test.log_threshold for test in rules],
            n_strata=len(strata),
            design_effect=detection.design_effect,
            log_recovery_threshold=_LOG_RECOVERY,
            gates=[number if test.gate is None else test.gate for number, test in enumerate(rules)],
            procedure=procedure_of(detection),
        )
        self._alarms_s: dict[int, int] = {}
        self._calm: dict[str, NDArray[np.int8]] = {}
        limits = [(test.pair, test.test, test.rule.limit, test.log_threshold, test.gate) for test in rules]
        self._config = config_hash(limits, config)
        if stored is not None:
            self._restore(stored)

    def continue_tests(self, former: RuleMonitor) -> ContinuedTests:
        """Go on with what the tests of a former policy know; to be called before anything else is fed."""
        bank, alarms_s, calm = former._bank, former._alarms_s, former._calm
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
        self._alarms_s = {row: alarms_s[from_] for row, from_ in (*matched.kept, *changed) if from_ in alarms_s}
        for window, counts in calm.items():
            self._calm[window] = np.full(len(self._rules), _NO_WARNING, np.int8)
            self._calm[window][rows] = counts[former_rows]
        return ContinuedTests(
            n_kept=len(matched.kept),
            restarted=tuple(identities[row].name for row, from_ in matched.changed if bank.has_block[from_]),
            open_breaches=tuple(identities[row].name for row, _ in changed),
            ended_breaches=tuple(before[from_].name for from_ in matched.gone if bank.is_breach[from_]),
        )

    def feed(self, period_start_s: int, counts: Ints, n_model: int) -> list[Alarm]:
        """Take in a comparison period; return the alarms and recoveries that it causes.

        Args:
            period_start_s: Its start.
            counts: ``k, n, k_ref, n_ref`` of each test and stratum, shape (tests, strata, 4).
            n_model: All cases of the model in the period.
        """
        transitions = self._bank.update(period_start_s, counts, n_model)
        for transition in transitions:
            if transition.to_breach:
                self._alarms_s[transition.detector] = transition.period_start_s
            else:
                self._alarms_s.pop(transition.detector, None)
        return [self._alarm(transition) for transition in transitions]

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
        return msgspec.msgpack.encode(
            _StoredRules(
                self._config,
                self._bank.snapshot(),
                self._alarms_s,
                {window: calm.tobytes() for window, calm in self._calm.items()},
            )
        )

    def _restore(self, data: bytes) -> None:
        stored = restore_tests(data, _StoredRules, config=self._config, bank=self._bank, name="sequential tests")
        if stored is None:
            self._open_former_breaches(data)
            return
        self._alarms_s = stored.alarms_s
        self._calm = {window: np.frombuffer(calm, np.int8).copy() for window, calm in stored.calm.items()}

    def _open_former_breaches(self, data: bytes) -> None:
        """Keep the breaches in a state of version 0.2, whose evidence this version cannot continue.

        The state ends with three arrays, by test: whether it is in breach, the onset, and whether it ever had a block.
        """
        stored, n_rules = msgspec.msgpack.decode(data, type=_StoredRules), len(self._rules)
        if len(stored.bank) < 10 * n_rules:
            return
        tail = stored.bank[-10 * n_rules :]
        rows = np.flatnonzero(np.frombuffer(tail[:n_rules], np.uint8))
        if sorted(stored.alarms_s) == rows.tolist():  # else it is of other tests
            onsets_s = np.frombuffer(tail[n_rules : 9 * n_rules], "<i8")
            self._bank.open_breaches(rows, onsets_s[rows])
            self._alarms_s = stored.alarms_s

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
        onsets_s = np.where(bank.is_breach, bank.breach_onset_s, bank.onset_s)
        threshold = bank.log_needed / math.log(10)
        rows = zip(level.tolist(), is_fair.tolist(), log_e.tolist(), threshold.tolist(), onsets_s.tolist(), strict=True)
        return [
            Evidence(
                test=self._rules[detector].test,
                state=_STATES[state],
                log10_e=log10_e if log10_e > _NO_EVIDENCE else None,
                log10_threshold=log10_threshold,
                alarm_s=self._alarms_s.get(detector),
                onset_s=onset_s if _STATES[state] in _SERIOUS and onset_s >= 0 else None,
                is_shown_fair=is_shown_fair,
            )
            for detector, (state, is_shown_fair, log10_e, log10_threshold, onset_s) in enumerate(rows)
        ]

    def _alarm(self, transition: Transition) -> Alarm:
        monitored = self._rules[transition.detector]
        return Alarm(
            pair=monitored.pair,
            test=monitored.test,
            is_breach=transition.to_breach,
            pane_s=transition.period_start_s,
            onset_s=transition.onset_s,
            log10_e=transition.log_evidence / math.log(10),
            log10_threshold=transition.log_threshold / math.log(10),
        )
