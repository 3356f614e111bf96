"""The columns of the DataFrames of a detection over a table of counts."""

from __future__ import annotations

from fairstream.frames.columns import Column, category, count, number, ordered, text, time
from stream_app.core.groups.comparison import Reason, State
from stream_app.offline.plan import Direction

ALL_PANES = "all panes"
SINCE_ALARM = "since alarm"

_PAIR: tuple[Column, ...] = (
    text("group", "pair.group", "Group that is compared."),
    text("reference", "pair.reference", "Reference group."),
)

ALARM_COLUMNS: tuple[Column, ...] = (
    category("type", "change.type", ("alarm", "recovery"), "`alarm`: a rule is broken; `recovery`: it is kept again."),
    text("group", "change.group", "Group that is compared."),
    text("reference", "change.reference", "Reference group."),
    text("rule", "change.rule", "The rule, for example `dir:0.8`."),
    category("direction", "change.direction", Direction, "`low`: harm to the group; `high`: harm to the reference."),
    count("pane", "change.pane", "Number of the pane, from 0, with which the detector changed."),
    text("label", "change.label", "What that pane is called: its time, its period or its number."),
    time("start", "change.start_s", "Start of that pane; missing without times."),
    count("onset_pane", "change.onset_pane", "Number of the pane of the estimated onset."),
    text("onset_label", "change.onset_label", "What that pane is called."),
    time("onset", "change.onset_s", "Start of that pane; missing without times."),
    count("onset_earliest_pane", "change.onset_earliest_pane", "First pane of the 99 % interval of the onset."),
    time("onset_earliest", "change.onset_earliest_s", "Start of that pane; missing without times."),
    count("onset_latest_pane", "change.onset_latest_pane", "Last pane of the 99 % interval of the onset."),
    time("onset_latest", "change.onset_latest_s", "Start of that pane; missing without times."),
    number("log10_evidence", "change.log10_evidence", "Evidence with which it changed, as a power of ten."),
)

DETECTOR_COLUMNS: tuple[Column, ...] = (
    *_PAIR,
    text("rule", "rule.rule", "The rule, for example `dir:0.8`."),
    category("direction", "rule.direction", Direction, "`low`: harm to the group; `high`: harm to the reference."),
    ordered("state", "rule.state", State, "State after the last pane."),
    number("log10_evidence", "rule.log10_sr", "Evidence after the last pane; NaN in breach and before any evidence."),
    number("log10_highest", "rule.log10_highest", "Highest evidence at any pane."),
    number("log10_threshold", "rule.log10_threshold", "Evidence that an alarm needs."),
)


def _ends(name: str, source: str, meaning: str) -> tuple[Column, Column]:
    return (
        number(f"{name}_lower", f"{source}.0", f"Lower end of the {meaning}."),
        number(f"{name}_upper", f"{source}.1", "Upper end of it; NaN where there is none."),
    )


PAIR_COLUMNS: tuple[Column, ...] = (
    *_PAIR,
    category("over", "over", (ALL_PANES, SINCE_ALARM), "Panes that are counted: all, or those after the newest alarm."),
    ordered("state", "pair.state", State, "Worst state of the rules after the last pane."),
    count("k_a", "estimate.k_a", "Favorable decisions about the group."),
    count("n_a", "estimate.n_a", "Decisions about the group."),
    count("k_b", "estimate.k_b", "Favorable decisions about the reference."),
    count("n_b", "estimate.n_b", "Decisions about the reference."),
    number("rate_a", "estimate.rate_a", "Rate of the group, 0 to 1."),
    *_ends("rate_a", "estimate.rate_a_interval", "95 % Wilson interval"),
    number("rate_b", "estimate.rate_b", "Rate of the reference, 0 to 1."),
    *_ends("rate_b", "estimate.rate_b_interval", "95 % Wilson interval"),
    number("disparate_impact_ratio", "estimate.ratio", "Rate of the group / rate of the reference."),
    *_ends("disparate_impact_ratio", "estimate.ratio_interval", "95 % Koopman interval, for one look"),
    *_ends("disparate_impact_ratio_sequence", "estimate.ratio_sequence", "95 % confidence sequence, for every look"),
    number("gap", "estimate.gap", "Rate of the group - rate of the reference."),
    *_ends("gap", "estimate.gap_interval", "95 % Newcombe interval, for one look"),
    *_ends("gap_sequence", "estimate.gap_sequence", "95 % confidence sequence, for every look"),
    category("reason", "estimate.reason", Reason, "Why a value or an end is missing."),
)
