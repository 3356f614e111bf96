"""The report of a run: one HTML file without external files. Only disclosed values are written."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.ranges.manifest import Manifest
from stream_app.pipeline.replay.scenarios.comparison import compare_runs
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import ModelPolicy
from stream_app.render.html_table import moment_text, write_table
from stream_app.render.paper.page import write_document
from stream_app.render.report.alerts import write_alerts, write_causes
from stream_app.render.report.amounts import are_of_amounts, draw_amounts, write_amount_causes
from stream_app.render.report.charts import draw_evidence, draw_rates, draw_timeline
from stream_app.render.report.subgroups import write_subgroups
from stream_app.render.report.tables import (
    write_comparison,
    write_consistency,
    write_provenance,
    write_verdict,
)


def write_report(manifest: Manifest, scenarios: Sequence[ScenarioResults], model: ModelPolicy) -> str:
    """Return the report of a run as HTML.

    Args:
        manifest: What the run was made from.
        scenarios: Disclosed results of each scenario; the original first.
        model: Policy of the original.
    """
    original, rules = scenarios[0], model.rules
    windows = [result for result in original.results if result.window != TOTAL_WINDOW]
    comparisons = [compare_runs(original, scenario) for scenario in scenarios[1:]]
    of_amounts = are_of_amounts(rules)
    values = (
        ("Amounts", draw_amounts(windows, model)) if of_amounts else ("Rates and ratios", draw_rates(windows, model))
    )
    sections = (
        ("Verdict", write_verdict(original, rules)),
        ("Alerts", write_alerts(original, windows, model)),
        ("States over time", draw_timeline(scenarios, rules)),
        values,
        ("Evidence", draw_evidence(windows)),
        ("Causes", write_amount_causes(original, model) if of_amounts else write_causes(original, model)),
        ("Worst subgroups", write_subgroups(original, rules)),
        ("Individual consistency", write_consistency(manifest)),
        ("Scenarios", "".join(map(write_comparison, comparisons))),
        ("Provenance", write_provenance(manifest)),
    )
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections if content)
    title = f"FairStream replay of model {manifest.model}"
    return write_document(title, f"{_cover(manifest)}{body}", _margin(manifest))


def _cover(manifest: Manifest) -> str:
    """Return what the run was made from: model, time range, policy, records."""
    from_, to = _ends(manifest)
    rows = [
        ("model", manifest.model),
        ("decisions from", from_),
        ("to (excluded)", to),
        ("decisions counted", f"{manifest.n_counted:,}"),
        ("policy hash", manifest.scenarios[0].policy_hash),
        ("run", manifest.run),
        ("made at", manifest.made_at),
    ]
    return f'{write_table(("", ""), rows)}<p class="faint">{_k_note(manifest)}</p>'


def _margin(manifest: Manifest) -> tuple[str, ...]:
    from_, to = _ends(manifest)
    policy = f"policy {manifest.scenarios[0].policy_hash}"
    return f"Model {manifest.model}", f"decisions from {from_} to {to}", policy, f"run {manifest.run}"


def _ends(manifest: Manifest) -> tuple[str, str]:
    return (
        moment_text(manifest.from_s, "the beginning of the log"),
        moment_text(manifest.to_s, "the end of the log"),
    )


def _k_note(manifest: Manifest) -> str:
    k = manifest.scenarios[0].k
    if not k:
        return "<strong>Exact values: groups of any size are shown. Not for publication.</strong>"
    return f"Groups of fewer than {k} decisions are suppressed, with all values from which they could be computed."
