"""The tables of a report: verdict, subgroups, consistency, what-if and provenance. Only disclosed values go in."""

from __future__ import annotations

from html import escape

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW
from stream_app.pipeline.replay.ranges.comparison import RunComparison, ScenarioResults
from stream_app.pipeline.replay.ranges.manifest import Manifest
from stream_app.render.charts import moment
from stream_app.render.html_table import bounds_text, number_text, time_text, write_table

_MAX_SUBGROUPS, _MAX_DELTAS = 15, 60


def write_verdict(said: ScenarioResults) -> str:
    """Say whether a breach was found, and how each attribute stood at the end."""
    totals = [own for own in said.results if own.window == TOTAL_WINDOW and CROSS not in own.attribute]
    breaches = [own for own in said.alerts if own.change == "breach"]
    worst = max((own.state for own in totals), key=list(State).index, default=State.INSUFFICIENT)
    level = State.BREACH if breaches else worst
    head = (
        f"{len(breaches)} breach{'es' if len(breaches) > 1 else ''} found by the sequential tests."
        if breaches
        else "No breach was found by the sequential tests."
    )
    rows = [
        (
            own.attribute,
            own.reference,
            number_text(own.n),
            str(own.state),
            f"{moment(own.start_s)} to {moment(own.end_s)}",
        )
        for own in totals
    ]
    table = write_table(("attribute", "reference", "n:decisions", "state at the end", "event time"), rows)
    return f'<div class="verdict {level}"><strong>{head}</strong></div>{table}'


def write_consistency(manifest: Manifest) -> str:
    """Say how alike the most similar records were decided; nothing when it was not asked."""
    own = manifest.consistency
    if own is None:
        return ""
    rows = [
        ("consistency", number_text(own.value) if own.reason is None else f"none: {own.reason.replace('_', ' ')}"),
        ("records compared", number_text(own.n)),
        ("records with all features, from which those were chosen by their offsets", number_text(own.n_complete)),
        ("neighbors of each", number_text(own.n_neighbors)),
        ("features", ", ".join(own.features)),
    ]
    note = "1: each was decided like the most similar other records. Protected attributes and identifiers do not enter."
    return f'<p class="faint">{note}</p>{write_table(("", ""), rows)}'


def write_subgroups(said: ScenarioResults) -> str:
    """List the groups and intersections with the lowest ratios."""
    widest: dict[str, DisclosedResult] = {}  # totals, and of intersections, which have none, the widest newest window
    for result in sorted(said.results, key=lambda own: (own.size_s, own.end_s)):
        widest[result.attribute] = result
    found = [
        (group.disparate_impact_ratio, result, group)
        for result in widest.values()
        for group in result.groups
        if group.disparate_impact_ratio is not None and group.state is not None
    ]
    found.sort(key=lambda own: own[0])
    rows = [
        (
            result.attribute,
            group.group,
            *map(number_text, (group.n, group.rate, ratio)),
            bounds_text(group.ratio_bounds),
            str(group.state),
        )
        for ratio, result, group in found[:_MAX_SUBGROUPS]
    ]
    return write_table(("attribute", "group", "n:n", "n:rate", "n:ratio", "95 %", "state"), rows) if rows else ""


def write_scenarios(compared: RunComparison) -> str:
    """Show what a variant says otherwise than the original."""
    rows = [
        (own.attribute, own.group, own.field, *map(number_text, (own.original, own.scenario, own.delta)))
        for own in compared.deltas
        if own.original != own.scenario and CROSS not in own.attribute
    ][:_MAX_DELTAS]
    alerts = [
        (
            own.kind,
            own.attribute,
            own.group,
            own.test,
            *(time_text(time_s) for time_s in (own.original_s, own.what_if_s)),
        )
        for own in compared.alerts
    ]
    head = f"<h3>{escape(compared.original)} | {escape(compared.scenario)}</h3>"
    values = write_table(("attribute", "group", "value", "n:original", "n:what-if", "n:delta"), rows)
    told = write_table(("alert", "attribute", "group", "test", "original", "what-if"), alerts)
    same = "<p>The alerts are the same.</p>"
    return head + (values if rows else "<p>Every value is the same.</p>") + (told if alerts else same)


def write_provenance(manifest: Manifest) -> str:
    """Say which records were read and by which policies they were judged."""
    offsets = [(str(p), f"{manifest.begins[p]}", f"{manifest.ends[p]}") for p in sorted(manifest.ends)]
    judged = [(own.name, own.policy_hash, own.digest) for own in manifest.scenarios]
    return (
        f"<p>{manifest.n_records:,} records of <code>{escape(manifest.topic)}</code> ({escape(manifest.source)}) "
        f"were read, {manifest.n_counted:,} events counted. FairStream {escape(manifest.code_version)}.</p>"
        + write_table(("partition", "n:from offset", "n:below offset"), offsets)
        + write_table(("variant", "policy hash", "digest of results and alerts (SHA-256)"), judged)
    )
