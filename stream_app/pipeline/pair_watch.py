"""The sequential tests of one model: every group and every intersection, each against its reference, all the time.

Fed with each closed pane, once and in order of event time. State is small, constant, and part of the judge's own; a
test that the policy changed starts anew.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank, Transition
from stream_app.core.detection.rules import Kind as RuleKind
from stream_app.core.detection.rules import Rule as DetectorRule
from stream_app.core.detection.thresholds import Family, log_thresholds, share_weights
from stream_app.core.fairness.intervals import PairIntervals
from stream_app.core.fairness.marginals import Marginaliser
from stream_app.core.fairness.pairs import State
from stream_app.core.fairness.subgroups import Subgroup, subgroups
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.tally import ClosedPane
from stream_app.errors import StateError
from stream_app.pipeline.evidence import Evidence, PairTest
from stream_app.pipeline.judge_state import NEW_APP_ID
from stream_app.pipeline.layout import FAVOURABLE
from stream_app.policy import ModelPolicy

TESTS = (PairTest.RATIO_LOW, PairTest.RATIO_HIGH, PairTest.GAP_LOW, PairTest.GAP_HIGH)
_LOG_WATCH = math.log(100)  # a watch begins this far below the alarm
_LOG_CALM = math.log(1000)  # and may end this far below
_CALM_WINDOWS = 2  # without a reason to watch, before a watch ends
_LOG_CLEAR = math.log(1e6)  # at most one false all-clear in a million decisions, per breach
_NOT_WATCHING = -1
_NO_EVIDENCE = -1e250  # below any evidence, log10
_SERIOUS = (State.WATCH, State.BREACH)
_STATES = (State.OK, State.INSUFFICIENT, State.WATCH, State.BREACH)


@dataclass(frozen=True)
class Alarm:
    """A test changed its mind.

    Attributes:
        pair: Number of the pair in ``PairWatch.pairs``.
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


class _Stored(msgspec.Struct, array_like=True, frozen=True):
    config: str
    bank: bytes
    found: dict[int, int]  # start of the pane with the alarm, by detector in breach
    calm: dict[str, bytes]  # by window: windows without a reason to watch, per detector


class PairWatch:
    """All sequential tests of a model's decisions.

    Args:
        model: Its policy, of kind ``decisions``.
        layout: Layout of its cells.
        held: What ``state`` returned before a restart; None at the first start.

    Attributes:
        pairs: Every watched group and intersection, in a fixed order.
    """

    def __init__(self, model: ModelPolicy, layout: CellLayout, held: bytes | None = None) -> None:
        attributes = [(each.name, each.groups, each.reference or "") for each in model.attributes]
        self.pairs: list[Subgroup] = subgroups(attributes, model.detection.max_depth)
        self._model = model
        segment = model.segment.name if model.segment is not None and model.detection.is_stratified else None
        self._marginaliser = Marginaliser(layout, self.pairs, favourable=FAVOURABLE, segment=segment)
        n_strata = len(dict(layout.dimensions)[segment]) if segment else 1
        self._log_thresholds = _log_thresholds_of(self.pairs, model.detection.false_alarms_per_million)
        self._bank = DetectorBank(
            [rule for _ in self.pairs for rule in _rules_of(model)],
            self._log_thresholds.tolist(),
            n_strata=n_strata,
            design_effect=model.detection.design_effect,
            log_clear_threshold=_LOG_CLEAR,
        )
        self._found: dict[int, int] = {}
        self._calm: dict[str, NDArray[np.int8]] = {}
        self._config = _config_hash(model)
        if held is not None:
            self._restore(held)

    def feed(self, pane: ClosedPane) -> list[Alarm]:
        """Take in a closed pane; return what was found by it, or is over by it."""
        low = self._marginaliser.counts(pane.cells)  # k, n, k_ref, n_ref
        high = low[..., [2, 3, 0, 1]]
        counts = np.stack([low, high, low, high], axis=1).reshape(-1, *low.shape[1:])
        transitions = self._bank.update(pane.start_s, counts)
        for each in transitions:
            if each.to_breach:
                self._found[each.detector] = each.pane_start_s
            else:
                self._found.pop(each.detector, None)
        return [self._alarm(each) for each in transitions]

    def counts(self, cells: Mapping[int, Sequence[int]]) -> NDArray[np.int64]:
        """Return k, n of every pair and k, n of its reference, shape (pairs, 4)."""
        counts: NDArray[np.int64] = self._marginaliser.counts(cells).sum(axis=1)
        return counts

    def judge(
        self, window: str, counts: NDArray[np.int64], intervals: Sequence[PairIntervals], *, is_close: bool
    ) -> list[tuple[Evidence, ...]]:
        """Say for each pair how its tests stand at the end of a window.

        Args:
            window: Name of the window.
            counts: Of the window, from ``counts``.
            intervals: Of each pair in the window.
            is_close: Whether the window has just closed.
        """
        is_beyond, is_fair = self._against_limits(intervals)
        is_hot = (self._bank.log_sr >= self._log_thresholds - _LOG_WATCH).reshape(is_beyond.shape) | is_beyond
        is_watched = self._watched(window, is_hot.ravel(), is_close=is_close).reshape(is_beyond.shape)
        few = np.minimum(counts[:, 1], counts[:, 3]) < self._model.rules.min_n
        is_unknown = few[:, None] | ~self._bank.has_block.reshape(is_beyond.shape)
        is_breach = self._bank.is_breach.reshape(is_beyond.shape)
        level = np.where(is_breach, 3, np.where(is_unknown, 1, np.where(is_watched, 2, 0)))
        return self._evidence(level, is_fair)

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return msgspec.msgpack.encode(
            _Stored(
                self._config,
                self._bank.snapshot(),
                self._found,
                {window: calm.tobytes() for window, calm in self._calm.items()},
            )
        )

    def _restore(self, held: bytes) -> None:
        try:
            stored = msgspec.msgpack.decode(held, type=_Stored)
            if stored.config != self._config:
                return
            self._bank.restore(stored.bank)
        except (msgspec.MsgspecError, ValueError):
            raise StateError("The state of the sequential tests cannot be read", action=NEW_APP_ID) from None
        self._found = stored.found
        self._calm = {window: np.frombuffer(calm, np.int8).copy() for window, calm in stored.calm.items()}

    def _against_limits(self, intervals: Sequence[PairIntervals]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return where an interval lies wholly beyond its limit, and where wholly within; shape (pairs, tests)."""
        ends = [(*own.ratio[:2], *own.gap[:2]) for own in intervals]
        ratio_low, ratio_high, gap_low, gap_high = np.array(ends, np.float64).reshape(-1, 4).T  # None becomes nan
        ratio_high = np.where(np.isnan(ratio_high), np.inf, ratio_high)
        least, most = self._model.rules.min_disparate_impact_ratio, self._model.rules.max_gap
        beyond = [ratio_high < least, ratio_low * least > 1, gap_high < -most, gap_low > most]
        within = [ratio_low >= least, ratio_high * least <= 1, gap_low >= -most, gap_high <= most]
        return np.stack(beyond, axis=1), np.stack(within, axis=1)

    def _watched(self, window: str, is_hot: NDArray[np.bool_], *, is_close: bool) -> NDArray[np.bool_]:
        calm = self._calm.get(window)
        if calm is None:
            calm = np.full(len(is_hot), _NOT_WATCHING, np.int8)
        if is_close:
            is_cold = self._bank.log_sr < self._log_thresholds - _LOG_CALM
            longer = np.where(calm == _NOT_WATCHING, _NOT_WATCHING, np.minimum(calm + 1, _CALM_WINDOWS))
            ended = np.where((longer >= _CALM_WINDOWS) & is_cold, _NOT_WATCHING, longer)
            self._calm[window] = calm = np.where(is_hot, 0, ended).astype(np.int8)
        watched: NDArray[np.bool_] = is_hot | (calm != _NOT_WATCHING)
        return watched

    def _evidence(self, level: NDArray[np.int64], is_fair: NDArray[np.bool_]) -> list[tuple[Evidence, ...]]:
        bank = self._bank
        log_e = np.where(bank.is_breach, bank.log_clear, bank.log_sr) / math.log(10)
        onset_s = np.where(bank.is_breach, bank.breach_onset_s, bank.onset_s)
        threshold = np.where(bank.is_breach, _LOG_CLEAR, self._log_thresholds) / math.log(10)
        rows = zip(
            level.ravel().tolist(),
            is_fair.ravel().tolist(),
            log_e.tolist(),
            threshold.tolist(),
            onset_s.tolist(),
            strict=True,
        )
        evidence = []
        for detector, (state, fair, log10_e, log10_threshold, since_s) in enumerate(rows):
            evidence.append(
                Evidence(
                    test=TESTS[detector % len(TESTS)],
                    state=_STATES[state],
                    log10_e=log10_e if log10_e > _NO_EVIDENCE else None,
                    log10_threshold=log10_threshold,
                    found_s=self._found.get(detector),
                    onset_s=since_s if _STATES[state] in _SERIOUS and since_s >= 0 else None,
                    is_shown_fair=fair,
                )
            )
        return [tuple(evidence[first : first + len(TESTS)]) for first in range(0, len(evidence), len(TESTS))]

    def _alarm(self, transition: Transition) -> Alarm:
        pair, test = divmod(transition.detector, len(TESTS))
        needed = self._log_thresholds[transition.detector] if transition.to_breach else _LOG_CLEAR
        return Alarm(
            pair=pair,
            test=TESTS[test],
            is_breach=transition.to_breach,
            pane_s=transition.pane_start_s,
            onset_s=transition.onset_s,
            log10_e=transition.log_evidence / math.log(10),
            log10_threshold=float(needed) / math.log(10),
        )


def _rules_of(model: ModelPolicy) -> list[DetectorRule]:
    ratio = DetectorRule(RuleKind.RATIO, model.rules.min_disparate_impact_ratio)
    gap = DetectorRule(RuleKind.GAP, model.rules.max_gap)
    return [ratio, ratio, gap, gap]


def _log_thresholds_of(pairs: list[Subgroup], false_alarms_per_million: float) -> NDArray[np.float64]:
    """Share the dial: half of the false alarms for single attributes, half for all intersections, equally in each."""
    n_single = sum(len(pair.attributes) == 1 for pair in pairs)
    families = {
        "attributes": Family(0.5, n_single * len(TESTS)),
        "intersections": Family(0.5, (len(pairs) - n_single) * len(TESTS)),
    }
    weights = share_weights(families) if pairs else {}
    names = ["attributes" if len(pair.attributes) == 1 else "intersections" for pair in pairs for _ in TESTS]
    return np.asarray(log_thresholds(false_alarms_per_million, [weights[name] for name in names]) if pairs else [])


def _config_hash(model: ModelPolicy) -> str:
    limits = (model.rules.min_disparate_impact_ratio, model.rules.max_gap)
    dial = msgspec.structs.replace(model.detection, plain_rules=False)  # says nothing to the tests
    watched = (model.attributes, model.segment, limits, dial)
    return hashlib.sha256(msgspec.json.encode(watched)).hexdigest()[:16]
