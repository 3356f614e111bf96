"""The facts that ``detect`` reports about a table of counts, in the form that programs read."""

from __future__ import annotations

import msgspec

from stream_app.core.cause.over_time import TimeParts
from stream_app.core.groups.comparison import State
from stream_app.offline.estimates import Estimate


class DetectorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A detector before it starts; its number is its index in the list."""

    group: str
    reference: str
    rule: str
    direction: str
    threshold: float


class SetupFacts(msgspec.Struct, frozen=True, kw_only=True, tag="setup"):
    """The detectors of a call, and the bound on their false alarms."""

    n_panes: int
    false_alarms_per_million: float
    design_effect: float
    detectors: list[DetectorFacts]


class PairReading(msgspec.Struct, frozen=True, kw_only=True):
    """One detector after one pane; None where a statistic contains no evidence."""

    detector: int
    log_sr: float | None
    log_eproc: float
    log_recovery: float | None
    is_breach: bool


class PaneFacts(msgspec.Struct, frozen=True, kw_only=True, tag="pane"):
    """All detectors after one pane."""

    pane: int
    label: str
    readings: list[PairReading]


class ChangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm or a recovery.

    Attributes:
        type: ``alarm`` or ``recovery``.
        detector: Number of the detector.
        group: The group that is compared.
        reference: The reference group.
        rule: The rule.
        direction: ``low`` or ``high``.
        pane: Number of the pane in which it was raised.
        label: Name of that pane.
        onset_pane: Number of the pane of the estimated onset.
        onset_label: Name of that pane.
        onset_earliest_pane: Number of the first pane of the 99 % interval of the onset, for an abrupt change.
        onset_earliest_label: Name of that pane.
        onset_latest_pane: Number of the last pane of the interval.
        onset_latest_label: Name of that pane.
        log_evidence: Natural log of the statistic.
        log10_evidence: Its logarithm to base 10.
    """

    type: str
    detector: int
    group: str
    reference: str
    rule: str
    direction: str
    pane: int
    label: str
    onset_pane: int
    onset_label: str
    onset_earliest_pane: int
    onset_earliest_label: str
    onset_latest_pane: int
    onset_latest_label: str
    log_evidence: float
    log10_evidence: float


class FinalState(msgspec.Struct, frozen=True, kw_only=True):
    """A detector after the last pane.

    Attributes:
        detector: Number of the detector.
        rule: The rule.
        direction: ``low`` or ``high``.
        state: ``insufficient``, ``ok``, ``warning`` or ``breach``.
        log_sr: Natural log of the statistic; None in breach and before the first block.
        highest_log_sr: Highest value that the statistic had.
    """

    detector: int
    rule: str
    direction: str
    state: State
    log_sr: float | None
    highest_log_sr: float | None


class PairFacts(msgspec.Struct, frozen=True, kw_only=True, tag="pair"):
    """A pair after the last pane.

    Attributes:
        group: The group that is compared.
        reference: The reference group.
        state: The worst state of its rules.
        rules: Each rule in each direction.
        n_compared: Panes in which both groups have decisions; the others say nothing about the pair.
        overall: Estimate over these panes.
        over_time: The gap over all rows of the file, split over its rows; None where that says nothing, and in files of
            more than 20,000 rows.
        since_alarm: Estimate over those of them after the alarm of the newest open breach: the panes that led to an
            alarm were selected by it and overstate the difference. None without an open breach, and when no decision
            came after it.
    """

    group: str
    reference: str
    state: State
    rules: list[FinalState]
    n_compared: int
    overall: Estimate
    over_time: TimeParts | None
    since_alarm: Estimate | None
