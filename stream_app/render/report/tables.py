"""The tables of a report: verdict, consistency, scenarios, provenance. Only disclosed values are written."""

from __future__ import annotations

from collections.abc import Iterator

from stream_app.core.groups.comparison import Reason, State
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.rules import NOT_SHOWN_YET, WITHHELD
from stream_app.pipeline.disclosure.wording import NOT_SHOWN_YET_WORDS, exceeded_limits, state_words
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.replay.ranges.manifest import Manifest
from stream_app.pipeline.replay.scenarios.comparison import WINDOWS, GroupDelta, RunComparison, field_words
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import Rules
from stream_app.render.charts import time_label
from stream_app.render.escaping import escape
from stream_app.render.html_table import bounds_text, number_text, share_text, time_text, write_table
from stream_app.render.report.amounts import AMOUNT_HEAD, amount_cells, are_of_amounts
from stream_app.render.report.subgroups import estimated_mark, open_breaches

_MAX_DELTAS = 60
_VERDICT_HEAD = (
    "attribute",
    "group",
    "n:decisions",
    "n:rate",
    "n:ratio",
    "w:95% interval",
    "n:gap",
    "state at the end",
)
_AMOUNTS_HEAD = ("attribute", "group", "n:decisions", *AMOUNT_HEAD, "state at the end")
_NOT_JUDGED = {Reason.REFERENCE: "reference", Reason.NOT_DECLARED: "not in policy"}


def write_verdict(scenario: ScenarioResults, rules: Rules) -> str:
    """Write how many breaches were detected, and each group of the running totals with its values and its state.

    Args:
        scenario: Results and alerts.
        rules: Limits of the policy.
    """
    totals = scenario.newest_totals()
    n_breaches = sum(alert.change == "breach" for alert in scenario.alerts)
    worst = max((result.state for result in totals), key=list(State).index, default=State.INSUFFICIENT)
    beyond = [
        f"{result.attribute} {group.group}"
        for result in totals
        for group in result.groups
        if group.state is State.OK and exceeded_limits(group, rules)
    ]
    level = State.BREACH if n_breaches else State.WARNING if beyond and worst is State.OK else worst
    number = f"{n_breaches} breach{'es were' if n_breaches > 1 else ' was'}" if n_breaches else "No breach was"
    of_amounts = are_of_amounts(rules)
    columns = _AMOUNTS_HEAD if of_amounts else _VERDICT_HEAD
    rows = [row for result in totals for row in (_amount_rows if of_amounts else _verdict_rows)(result, rules)]
    head = f"<strong>{number} detected by the sequential tests.</strong>"
    if beyond:
        head += f" Limit exceeded, not proven: {escape(', '.join(beyond))}."
    n_open = len(open_breaches(scenario.alerts))
    if n_breaches:
        head += f" At the end, {n_open} {'pair is' if n_open == 1 else 'pairs are'} in breach."
    times = f"{time_label(totals[0].start_s)} to {time_label(totals[0].end_s)}" if totals else ""
    span = f'<p class="faint">Running totals, event time {times}.</p>' if totals else ""
    return f'<div class="verdict {level}">{head}</div>{span}{write_table(columns, rows) if rows else ""}'


def _verdict_rows(result: DisclosedResult, rules: Rules) -> Iterator[tuple[str, ...]]:
    for group in result.groups:
        is_reference = group.group == result.reference
        missing = "suppressed" if group.hidden or group.n is None else "undefined"
        missing = "withheld" if group.hidden == NOT_SHOWN_YET else missing
        compared = "" if is_reference or group.state is None else missing
        yield (
            result.attribute,
            group.group,
            number_text(group.n, missing),
            share_text(group.rate, missing),
            share_text(group.disparate_impact_ratio, missing if group.hidden else compared),
            bounds_text(group.ratio_bounds),
            share_text(group.gap, missing if group.hidden else compared, sign="+"),
            _verdict(group, rules),
        )


def _amount_rows(result: DisclosedResult, rules: Rules) -> Iterator[tuple[str, ...]]:
    limit = rules.max_mean_difference or 0.0
    for group in result.groups:
        cells = amount_cells(group, limit, "suppressed")
        yield (result.attribute, group.group, number_text(group.n), *cells, _verdict(group, rules))


def _verdict(group: DisclosedGroup, rules: Rules) -> str:
    """Return the state of a group in words, or why it has none."""
    if group.hidden == NOT_SHOWN_YET:
        return NOT_SHOWN_YET_WORDS
    if group.hidden is not None:
        return "withheld (former releases)" if group.hidden == WITHHELD else "suppressed"
    if group.state is not None:
        return f"{state_words(group.state, exceeded_limits(group, rules))}{estimated_mark(group)}"
    return "not compared" if group.reason is None else _NOT_JUDGED.get(group.reason, "not compared")


def write_consistency(manifest: Manifest) -> str:
    """Write whether similar records were decided alike; empty when this was not requested."""
    similarity = manifest.consistency
    if similarity is None:
        return ""
    reason = (similarity.reason or "").replace("_", " ")
    rows = [
        ("consistency", f"none: {reason}" if reason else number_text(similarity.value)),
        ("records compared", number_text(similarity.n)),
        (
            "records with all features, from which those were sampled",
            number_text(similarity.n_complete),
        ),
        ("nearest neighbors of each record", number_text(similarity.n_neighbors)),
        ("features", ", ".join(similarity.features)),
    ]
    note = (
        f"1.0 = every case got the same decision as its {similarity.n_neighbors} nearest neighbors. "
        "Protected attributes and identifiers are not compared."
    )
    return f'<p class="faint">{note}</p>{write_table(("", ""), rows)}'


def write_comparison(comparison: RunComparison) -> str:
    """Write how a scenario differs from the original."""
    deltas = [
        (delta.attribute, delta.group, field_words(delta.field), *_delta_texts(delta))
        for delta in comparison.deltas
        if delta.original != delta.scenario and CROSS not in delta.attribute
    ][:_MAX_DELTAS]
    alerts = [
        (
            change.kind,
            change.attribute,
            change.group,
            change.test,
            time_text(change.original_s),
            time_text(change.scenario_s),
        )
        for change in comparison.alerts
    ]
    head = f"<h3>{escape(comparison.original)} | {escape(comparison.scenario)}</h3>"
    values = write_table(("attribute", "group", "value", "n:original", "n:scenario", "n:difference"), deltas)
    changes = write_table(("alert", "attribute", "group", "test", "original", "scenario"), alerts)
    return (
        head
        + (values if deltas else "<p>All values are the same.</p>")
        + (changes if alerts else "<p>The alerts are the same.</p>")
    )


def write_provenance(manifest: Manifest) -> str:
    """Write which records were read and under which policies they were judged."""
    offsets = [(str(p), f"{manifest.begins[p]}", f"{manifest.ends[p]}") for p in sorted(manifest.ends)]
    scenarios = [(summary.name, summary.policy_hash, summary.digest) for summary in manifest.scenarios]
    return (
        f"<p>{manifest.n_records:,} records of <code>{escape(manifest.topic)}</code> ({escape(manifest.source)}) "
        f"read, {manifest.n_counted:,} events counted. FairStream {escape(manifest.code_version)}.</p>"
        + write_table(("partition", "n:from offset", "n:up to (excluding) offset"), offsets)
        + write_table(("scenario", "policy hash", "SHA-256 of results and alerts"), scenarios)
    )


def _delta_texts(delta: GroupDelta) -> tuple[str, str, str]:
    """Return both values and their difference; a state that no window has is a count of zero."""
    if delta.field.startswith(WINDOWS):
        n_original, n_scenario = delta.original or 0, delta.scenario or 0
        return number_text(n_original), number_text(n_scenario), number_text(n_scenario - n_original)
    original, scenario, difference = (
        number_text(value, "not available") for value in (delta.original, delta.scenario, delta.delta)
    )
    return original, scenario, difference
