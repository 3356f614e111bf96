"""The tables of a report: verdict, subgroups, consistency, scenarios, provenance. Only disclosed values are written."""

from __future__ import annotations

from html import escape

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, ProxyValues
from stream_app.pipeline.replay.ranges.manifest import Manifest
from stream_app.pipeline.replay.scenarios.comparison import WINDOWS, GroupDelta, RunComparison
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.render.charts import time_label
from stream_app.render.html_table import bounds_text, number_text, time_text, write_table

_MAX_SUBGROUPS, _MAX_DELTAS = 15, 60


def write_verdict(scenario: ScenarioResults) -> str:
    """Write how many breaches were detected, and the final state of each attribute."""
    totals = [result for result in scenario.results if result.window == TOTAL_WINDOW and CROSS not in result.attribute]
    n_breaches = sum(alert.change == "breach" for alert in scenario.alerts)
    worst = max((result.state for result in totals), key=list(State).index, default=State.INSUFFICIENT)
    level = State.BREACH if n_breaches else worst
    number = f"{n_breaches} breach{'es were' if n_breaches > 1 else ' was'}" if n_breaches else "No breach was"
    rows = [
        (
            result.attribute,
            result.reference,
            number_text(result.n),
            str(result.state),
            f"{time_label(result.start_s)} to {time_label(result.end_s)}",
        )
        for result in totals
    ]
    table = write_table(("attribute", "reference", "n:decisions", "final state", "event time"), rows)
    head = f"{number} detected by the sequential tests."
    return f'<div class="verdict {level}"><strong>{head}</strong></div>{table}'


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


def write_subgroups(scenario: ScenarioResults) -> str:
    """List the groups and intersections with the lowest ratios."""
    widest: dict[str, DisclosedResult] = {}  # totals; of intersections, which have none, the widest newest window
    for result in sorted(scenario.results, key=lambda result: (result.size_s, result.end_s)):
        widest[result.attribute] = result
    ranked = sorted(
        (
            (group.disparate_impact_ratio, result, group)
            for result in widest.values()
            for group in result.groups
            if group.disparate_impact_ratio is not None and group.state is not None
        ),
        key=lambda entry: entry[0],
    )
    rows = [
        (
            result.attribute,
            group.group,
            *map(number_text, (group.n, group.rate, ratio)),
            bounds_text(group.ratio_bounds),
            bounds_text(None if group.worst_case is None else group.worst_case.ratio),
            f"{group.state}{', estimated' if isinstance(group.proxy, ProxyValues) else ''}",
        )
        for ratio, result, group in ranked[:_MAX_SUBGROUPS]
    ]
    head = ("attribute", "group", "n:decisions", "n:rate", "n:ratio", "95% interval", "unknown groups", "state")
    return write_table(head, rows) if rows else ""


def write_comparison(comparison: RunComparison) -> str:
    """Write how a scenario differs from the original."""
    deltas = [
        (delta.attribute, delta.group, delta.field, *_delta_texts(delta))
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
