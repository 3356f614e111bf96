"""Sequential tests of rules about pairs: from alarm to recovery, and how each stands at the end of a window.

Which counts a rule is about is not known here; ``pair_watch`` asks about decisions, ``gap_watch`` about outcomes and
scores. State is small, constant, and part of the judge's own; tests that the policy changed start anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank, Transition
from stream_app.core.detection.rules import RateRule
from stream_app.core.groups.comparison import State
from stream_app.pipeline.judge.monitors.stored_tests import StoredTests, config_hash, restore_tests
from stream_app.pipeline.records.evidence import Evidence, PairTest

_LOG_WATCH = math.log(100)  # a watch begins this far below the alarm
_LOG_CALM = math.log(1000)  # and may end this far below
_CALM_WINDOWS = 2  # without a reason to watch, before a watch ends
_LOG_CLEAR = math.log(1e6)  # at most one false recovery in a million decisions, per breach
_NOT_WATCHING = -1
_NO_EVIDENCE = -1e250  # below any evidence, log10
_SERIOUS = (State.WARNING, State.BREACH)
_STATES = (State.OK, State.INSUFFICIENT, State.WARNING, State.BREACH)

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class MonitoredRule:
    """One test.

    Attributes:
        pair: Number of the pair that it is about.
        test: Its name.
        rule: What it holds to be true.
        log_threshold: Natural log of the evidence that it needs.
    """

    pair: int
    test: PairTest
    rule: RateRule
    log_threshold: float


@dataclass(frozen=True)
class Alarm:
    """A test changed its mind.

    Attributes:
        pair: Number of the pair.
        test: Which test.
        is_breach: A breach was found; else it is over.
        pane_s: Start of the pane with which it changed.
        onset_s: Likely start of the new state.
        log10_e: The evidence with which it changed.
        log10_threshold: The evidence that was needed.
    """

    pair: int
    test: PairTest
    is_breach: bool
    pane_s: int
    onset_s: int
    log10_e: float
    log10_threshold: float


@dataclass(frozen=True)
class WindowView:
    """How a window looks to each test; shape (tests,).

    Attributes:
        is_few: It has too few cases to say anything.
        is_beyond: Its interval lies wholly beyond the limit.
        is_fair: Its interval lies wholly within the limit.
    """

    is_few: Bools
    is_beyond: Bools
    is_fair: Bools


class _StoredRules(StoredTests, array_like=True, frozen=True):
    found: dict[int, int]  # start of the pane with the alarm, by detector in breach
    calm: dict[str, bytes]  # by window: windows without a reason to watch, per detector


class RuleMonitor:
    """Tests of rules, each fed with counts of its own.

    Args:
        rules: The tests, in a fixed order.
        n_strata: Strata inside of which is tested.
        design_effect: Divides all counts.
        config: What the tests depend on beside these; a restart under another one starts them anew.
        held: What ``state`` returned before a restart; None at the first start.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(
        self, rules: Sequence[MonitoredRule], *, n_strata: int, design_effect: float, config: object, held: bytes | None
    ) -> None:
        self._rules = rules
        self._log_thresholds = np.array([own.log_threshold for own in rules], np.float64)
        self._bank = DetectorBank(
            [own.rule for own in rules],
            self._log_thresholds.tolist(),
            n_strata=n_strata,
            design_effect=design_effect,
            log_recovery_threshold=_LOG_CLEAR,
        )
        self._found: dict[int, int] = {}
        self._calm: dict[str, NDArray[np.int8]] = {}
        limits = [(own.pair, own.test, own.rule.limit, own.log_threshold) for own in rules]
        self._config = config_hash(limits, config)
        if held is not None:
            self._restore(held)

    def feed(self, pane_start_s: int, counts: NDArray[np.int64]) -> list[Alarm]:
        """Take in a closed pane; return what was found by it, or is over by it.

        Args:
            pane_start_s: Its start.
            counts: ``k, n, k_ref, n_ref`` of each test and stratum, shape (tests, strata, 4).
        """
        transitions = self._bank.update(pane_start_s, counts)
        for each in transitions:
            if each.to_breach:
                self._found[each.detector] = each.pane_start_s
            else:
                self._found.pop(each.detector, None)
        return [self._alarm(each) for each in transitions]

    def judge(self, window: str, view: WindowView, *, is_close: bool) -> list[Evidence]:
        """Say how each test stands at the end of a window.

        Args:
            window: Name of the window.
            view: How it looks to each test.
            is_close: Whether it has just closed; a watch ends by windows that close, not by looking again.
        """
        is_hot = (self._bank.log_sr >= self._log_thresholds - _LOG_WATCH) | view.is_beyond
        is_watched = self._subject(window, is_hot, is_close=is_close)
        is_unknown = view.is_few | ~self._bank.has_block
        level = np.where(self._bank.is_breach, 3, np.where(is_unknown, 1, np.where(is_watched, 2, 0)))
        return self._evidence(level, view.is_fair)

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return msgspec.msgpack.encode(
            _StoredRules(
                self._config,
                self._bank.snapshot(),
                self._found,
                {window: calm.tobytes() for window, calm in self._calm.items()},
            )
        )

    def _restore(self, held: bytes) -> None:
        stored = restore_tests(held, _StoredRules, config=self._config, bank=self._bank, name="sequential tests")
        if stored is None:
            return
        self._found = stored.found
        self._calm = {window: np.frombuffer(calm, np.int8).copy() for window, calm in stored.calm.items()}

    def _subject(self, window: str, is_hot: Bools, *, is_close: bool) -> Bools:
        calm = self._calm.get(window)
        if calm is None:
            calm = np.full(len(is_hot), _NOT_WATCHING, np.int8)
        if is_close:
            is_cold = self._bank.log_sr < self._log_thresholds - _LOG_CALM
            longer = np.where(calm == _NOT_WATCHING, _NOT_WATCHING, np.minimum(calm + 1, _CALM_WINDOWS))
            ended = np.where((longer >= _CALM_WINDOWS) & is_cold, _NOT_WATCHING, longer)
            self._calm[window] = calm = np.where(is_hot, 0, ended).astype(np.int8)
        watched: Bools = is_hot | (calm != _NOT_WATCHING)
        return watched

    def _evidence(self, level: NDArray[np.int64], is_fair: Bools) -> list[Evidence]:
        bank = self._bank
        log_e = np.where(bank.is_breach, bank.log_recovery, bank.log_sr) / math.log(10)
        onset_s = np.where(bank.is_breach, bank.breach_onset_s, bank.onset_s)
        threshold = np.where(bank.is_breach, _LOG_CLEAR, self._log_thresholds) / math.log(10)
        rows = zip(level.tolist(), is_fair.tolist(), log_e.tolist(), threshold.tolist(), onset_s.tolist(), strict=True)
        return [
            Evidence(
                test=self._rules[detector].test,
                state=_STATES[state],
                log10_e=log10_e if log10_e > _NO_EVIDENCE else None,
                log10_threshold=log10_threshold,
                alarm_s=self._found.get(detector),
                onset_s=since_s if _STATES[state] in _SERIOUS and since_s >= 0 else None,
                is_shown_fair=fair,
            )
            for detector, (state, fair, log10_e, log10_threshold, since_s) in enumerate(rows)
        ]

    def _alarm(self, transition: Transition) -> Alarm:
        own = self._rules[transition.detector]
        needed = own.log_threshold if transition.to_breach else _LOG_CLEAR
        return Alarm(
            pair=own.pair,
            test=own.test,
            is_breach=transition.to_breach,
            pane_s=transition.pane_start_s,
            onset_s=transition.onset_s,
            log10_e=transition.log_evidence / math.log(10),
            log10_threshold=needed / math.log(10),
        )
