"""What the monitors report about pairs: the state of each in a window, and what changed with a pane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from stream_app.core.fairness.proxy import GroupEstimate, PairEstimate
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.intervals.intervals import PairIntervals
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.policy import Proxy


class ObservedPair(NamedTuple):
    """A group beside its reference in one window.

    Attributes:
        pair: Whom it is about.
        cases: Decisions about the group.
        reference_cases: Decisions about its reference.
        intervals: Of rate, gap and ratio.
        evidence: State and evidence of each of its tests at the end of the window.
        candidates: Decisions of unknown groups that may be about the group.
        reference_candidates: Those that may be about its reference.
        design_effect: How many times larger the variance of the gap usually is than that of independent decisions, as
            measured by clusters; None without them, and before the first comparison.
    """

    pair: Subgroup
    cases: GroupCount
    reference_cases: GroupCount
    intervals: PairIntervals
    evidence: tuple[Evidence, ...]
    candidates: GroupCount
    reference_candidates: GroupCount
    design_effect: float | None = None


class ObservedProxy(NamedTuple):
    """The groups of a proxy in one window, estimated from probabilities.

    Attributes:
        proxy: The proxy.
        groups: What is known of each group, in the order of the policy.
        pairs: Each group beside the reference; None for the reference itself.
        evidence: State and evidence of the tests of each group; none for the reference.
    """

    proxy: Proxy
    groups: tuple[GroupEstimate, ...]
    pairs: tuple[PairEstimate | None, ...]
    evidence: tuple[tuple[Evidence, ...], ...]


@dataclass(frozen=True)
class Alarm:
    """A test changed its state: a breach, or a recovery.

    Attributes:
        pair: Number of the pair.
        test: Which test.
        is_breach: True for a breach, False for a recovery.
        pane_s: Start of the pane with which it changed.
        onset_s: Estimated onset of the new state.
        onset_earliest_s: Start of the 99 % interval of the onset; None where none was searched.
        onset_latest_s: End of it.
        log10_e: The evidence with which it changed.
        log10_threshold: The evidence that was needed.
    """

    pair: int
    test: PairTest
    is_breach: bool
    pane_s: int
    onset_s: int
    onset_earliest_s: int | None
    onset_latest_s: int | None
    log10_e: float
    log10_threshold: float


class DetectedDrift(msgspec.Struct, array_like=True, frozen=True):
    """A drift of scores that was detected; it has no recovery.

    Attributes:
        pane_s: Start of the pane with which it was detected.
        onset_s: Estimated onset of the drift.
        bin: Number of the bin that showed it.
        is_above: Whether there are too many scores in it; else too few.
        log10_e: The evidence with which it was detected.
    """

    pane_s: int
    onset_s: int
    bin: int
    is_above: bool
    log10_e: float


@dataclass(frozen=True)
class DriftAlarm:
    """A group whose scores have moved.

    Attributes:
        attribute: Its attribute.
        group: Its label.
        drift: What was detected.
        log10_threshold: The evidence that was needed.
        reference: Cases in each bin of its reference.
    """

    attribute: str
    group: str
    drift: DetectedDrift
    log10_threshold: float
    reference: tuple[int, ...]
