"""The columns of the DataFrames of results and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from fairstream.frames.columns import (
    Column,
    category,
    count,
    flag,
    interval,
    number,
    ordered,
    text,
    time,
    worst_case,
)
from stream_app.core.cause.decomposition import Driver
from stream_app.core.groups.comparison import Reason, State
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits, state_words
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import Rules

HIDDEN = ("small_cell", "complementary", "withheld", "not_shown_yet")
CHANGES = ("breach", "recovery")
UNKNOWN_GROUPS = ("excluded", "worst_case")

WINDOW_COLUMNS: tuple[Column, ...] = (
    text("model", "result.model", "Name of the model."),
    text("attribute", "result.attribute", "Protected attribute; of an intersection all names, joined by `+`."),
    text("window", "result.window", "Name of the window, or `total` for the running totals."),
    time("start", "result.start_s", "Start of the window, event time."),
    time("end", "result.end_s", "End of the window, not included."),
    count("revision", "result.revision", "0 when the window closed, one more for each correction."),
    text("group", "group.group", "Group; of an intersection all labels, joined by ` & `."),
    text("reference", "result.reference", "Reference group."),
)
CLOSING_COLUMNS: tuple[Column, ...] = (
    category("hidden", "group.hidden", HIDDEN, "Why the row is suppressed; missing when it is shown."),
    count("total_n", "result.n", "Cases of all groups; missing where it would reveal a suppressed group."),
    ordered("total_state", "result.state", State, "Worst state of all pairs of the attribute."),
    count("k", "result.k", "Fewest cases of a group that is shown."),
    text("policy_hash", "result.policy_hash", "Hash of the policy that was applied."),
    text("code_version", "result.code_version", "Version of FairStream that made the result."),
)

TEST_COLUMNS: tuple[Column, ...] = (
    ordered("state", "group.state", State, "Worst state of the tests of this pair; missing where none runs."),
    text("verdict", "tests.verdict", "The state in words: `no alarm`, or that a limit is exceeded and not proven."),
    text("breached_tests", "tests.breach", "Sequential tests in breach, joined by `;`."),
    text("warned_tests", "tests.warning", "Sequential tests in warning, joined by `;`."),
    time("onset", "tests.onset_s", "Estimated onset of the earliest open breach, else of the earliest warning."),
    time("onset_earliest", "tests.onset_earliest_s", "Start of the 99 % interval of that onset, for an abrupt change."),
    time("onset_latest", "tests.onset_latest_s", "End of that interval."),
)

RESULT_COLUMNS: tuple[Column, ...] = (
    *WINDOW_COLUMNS,
    count("n", "group.n", "Decisions."),
    count("favorable", "group.favorable", "Favorable decisions."),
    number("rate", "group.rate", "Approval rate, 0 to 1."),
    *interval("rate", "group.rate_bounds", "`rate`"),
    number("disparate_impact_ratio", "group.disparate_impact_ratio", "Rate / rate of the reference."),
    *interval("disparate_impact_ratio", "group.ratio_bounds", "`disparate_impact_ratio`"),
    number("gap", "group.gap", "Statistical parity difference: rate - rate of the reference, -1 to 1."),
    *interval("gap", "group.gap_bounds", "`gap`"),
    count("shortfall", "group.shortfall", "Favorable decisions that the group lacks to meet the ratio rule."),
    *TEST_COLUMNS,
    text("broken_rules", "tests.rules", "Rules that this window breaks by its point values alone, joined by `;`."),
    category("reason", "group.reason", Reason, "Why a value is missing or the group is not judged."),
    category("driver", "group.cause.driver", Driver, "What drives the gap, where it was explained."),
    number("mix", "group.cause.mix", "Part of the gap because the groups are in different segments."),
    number("rate_part", "group.cause.rate", "Part of the gap because they fare differently in the same segment."),
    number("score_stability_index", "group.scores.index", "Population stability index of the scores."),
    number("design_effect", "group.design_effect", "Measured design effect of the gap, where there are clusters."),
    text("sentence", "group.sentence", "The verdict in one sentence, where there is one."),
    *CLOSING_COLUMNS,
    count("unknown_n", "group.worst_case.n", "Decisions of unknown groups that may be about the group."),
    *worst_case("rate", "group.worst_case.rate", "`rate`"),
    *worst_case("disparate_impact_ratio", "group.worst_case.ratio", "`disparate_impact_ratio`"),
    *worst_case("gap", "group.worst_case.gap", "`gap`"),
    number("share", "group.share", "Of `unknown` and `__other__`: share of the decisions of all groups."),
    number("n_effective", "group.proxy.n_effective", "Of a group estimated from probabilities, its effective number."),
    number("least_ratio", "group.proxy.ratio_bounds.lower", "Least that its ratio can be, over every dependence."),
    number("most_ratio", "group.proxy.ratio_bounds.upper", "Most that its ratio can be."),
)

ALERT_COLUMNS: tuple[Column, ...] = (
    text("id", "alert.id", "Id of the alert, the same in live operation and in a replay."),
    text("model", "alert.model", "Name of the model; of its outcomes, `<model>/outcomes`."),
    text("attribute", "alert.attribute", "Protected attribute; of an intersection all names, joined by `+`."),
    text("group", "alert.group", "Group."),
    text("reference", "alert.reference", "What the group is compared with."),
    category("test", "alert.test", PairTest, "Test that changed."),
    category("change", "alert.change", CHANGES, "`breach` or `recovery`."),
    time("time", "alert.at_s", "End of the pane with which the test changed, event time."),
    time("onset", "alert.onset_s", "Estimated onset of the new state."),
    time("onset_earliest", "alert.onset_earliest_s", "Start of the 99 % interval of the onset, for an abrupt change."),
    time("onset_latest", "alert.onset_latest_s", "End of that interval."),
    number("log10_evidence", "alert.log10_e", "Evidence with which it changed, as a power of ten."),
    number("log10_threshold", "alert.log10_threshold", "Evidence that was needed."),
    time("start", "alert.start_s", "Start of the time range that the values describe."),
    time("end", "alert.end_s", "Its end, not included."),
    count("n", "alert.n", "Cases of the group that the test counts."),
    count("n_reference", "alert.n_reference", "Cases of the reference."),
    number("rate", "alert.rate", "Share of favorable cases in the group."),
    number("disparate_impact_ratio", "alert.disparate_impact_ratio", "Rate / rate of the reference."),
    number("gap", "alert.gap", "Rate - rate of the reference."),
    category("driver", "alert.cause.driver", Driver, "What drives the gap, where it was explained."),
    number("mix", "alert.cause.mix", "Part of the gap because the groups are in different segments."),
    number("rate_part", "alert.cause.rate", "Part of the gap because they fare differently in the same segment."),
    text("sentence", "alert.sentence", "The alert in one sentence."),
    flag("is_hidden", "alert.is_hidden", "Whether numbers are suppressed because they are about fewer than k cases."),
    flag(
        "is_rounded", "alert.is_rounded", "Whether numbers are rounded, so that windows cannot be subtracted from them."
    ),
    text("policy_hash", "alert.policy_hash", "Hash of the policy that was applied."),
    text("code_version", "alert.code_version", "Version of FairStream that made the alert."),
    category(
        "unknown_groups",
        "alert.unknown_groups",
        UNKNOWN_GROUPS,
        "`worst_case` where the test holds for every allocation of the unknown groups.",
    ),
    number("least_ratio", "alert.proxy.ratio_bounds.lower", "Least that a ratio estimated from probabilities can be."),
    number("most_ratio", "alert.proxy.ratio_bounds.upper", "Most that it can be."),
    number("mean_amount", "alert.amounts.mean", "Mean amount of the group, where decisions are amounts."),
    number("mean_amount_reference", "alert.amounts.mean_reference", "That of the reference."),
    number("difference", "alert.amounts.difference.value", "`mean_amount` - `mean_amount_reference`."),
    *interval("difference", "alert.amounts.difference", "`difference`"),
    number("limit_of_difference", "alert.amounts.limit", "Widest difference that is permitted."),
    number("mean_ratio", "alert.amounts.ratio.value", "`mean_amount` / `mean_amount_reference`, where it is limited."),
    *interval("mean_ratio", "alert.amounts.ratio", "`mean_ratio`"),
    number("least_mean_ratio", "alert.amounts.least_ratio", "Lowest ratio, or inverse of it, that is permitted."),
)


def result_records(
    results: Iterable[DisclosedResult], limits_of: Callable[[str], Rules | None]
) -> Iterator[Mapping[str, Any]]:
    """Yield a record for each group of each result.

    Args:
        results: Disclosed results.
        limits_of: Returns the limits of a model; None where its policy is not known.
    """
    for result in results:
        fields, rules = msgspec.to_builtins(result), limits_of(result.model)
        for group, judged in zip(fields["groups"], result.groups, strict=True):
            verdict = state_words(judged.state, exceeded_limits(judged, rules)) or None
            tests = summarize_tests(group) | {"verdict": verdict}
            yield {"result": fields, "group": {"proxy": None} | group, "tests": tests}


def alert_records(alerts: Iterable[DisclosedAlert]) -> Iterator[Mapping[str, Any]]:
    """Yield a record for each alert."""
    for alert in alerts:
        fields = {"proxy": None, "amounts": None} | msgspec.to_builtins(alert)
        if fields["amounts"] is not None:
            fields["amounts"] = {"ratio": None, "least_ratio": None} | fields["amounts"]
        yield {"alert": fields}


def summarize_tests(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tests of a group in breach or warning, their earliest onset, and the plain rules that are broken."""
    tests: dict[str, Any] = {"rules": ";".join(group["rules"]) or None}
    onsets: dict[str, list[Mapping[str, Any]]] = {}
    for state in (State.BREACH, State.WARNING):
        affected = [evidence for evidence in group["evidence"] if evidence["state"] == state]
        tests[state] = ";".join(evidence["test"] for evidence in affected) or None
        onsets[state] = [evidence for evidence in affected if evidence["onset_s"] is not None]
    dated = onsets[State.BREACH] or onsets[State.WARNING]
    earliest = min(dated, key=lambda evidence: evidence["onset_s"], default={})
    return tests | {name: earliest.get(name) for name in ("onset_s", "onset_earliest_s", "onset_latest_s")}
