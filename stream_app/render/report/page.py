"""The report of a run: one HTML file without external files. Only disclosed values are written."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.ranges.manifest import Manifest
from stream_app.pipeline.replay.scenarios.comparison import compare_runs
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import ModelPolicy
from stream_app.render.escaping import escape
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

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;background:#fff;max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d0d7de;padding-bottom:.2rem}
table{border-collapse:collapse;width:100%;font-size:.87rem}td,th{padding:.25rem .5rem;border-bottom:1px solid #eaeef2;
text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n,td.w{white-space:nowrap}
figure{margin:1rem 0}
figcaption{font-weight:600;margin-bottom:.2rem}svg{max-width:100%;height:auto}
svg:not([width]) text{font:12px system-ui,sans-serif}
svg .note{fill:#57606a;font-size:11px}.grid{stroke:#eaeef2}.axis{stroke:#57606a}
.limit{stroke:#404040;stroke-dasharray:5 4}.legend span{margin-right:1rem;font-size:.85rem}
.verdict{border-left:6px solid;padding:.6rem 1rem;background:#f6f8fa}.breach{border-color:#D55E00}
.ok{border-color:#0072B2}
.warning{border-color:#F0E442}.insufficient{border-color:#d0d7de}details{margin:.5rem 0;padding:.4rem .8rem;
border:1px solid #d0d7de;border-radius:6px}summary{cursor:pointer;font-weight:600}code{font-size:.85em;
overflow-wrap:anywhere}.faint{color:#57606a}@media print{details{border:0}}
"""


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
    title = f"FairStream replay {escape(manifest.run)}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
        f'<p class="faint">Model {escape(manifest.model)}, made {escape(manifest.made_at)}. {_k_note(manifest)}</p>'
        f"{body}</body></html>\n"
    )


def _k_note(manifest: Manifest) -> str:
    k = manifest.scenarios[0].k
    if not k:
        return "<strong>Exact values: groups of any size are shown. Not for publication.</strong>"
    return f"Groups of fewer than {k} decisions are suppressed, with all values from which they could be computed."
