"""Alerts and causes in a report: what was told, by which numbers, and what the gap is made of."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.ranges.comparison import ScenarioResults
from stream_app.render.charts import moment, split_bars
from stream_app.render.html_table import number_text, write_table

_MAX_ALERTS = 60
_N_ALERTS_SHOWN = 10  # the others are folded away


def write_alerts(said: ScenarioResults, windows: Sequence[DisclosedResult]) -> str:
    """Tell each alert with its numbers, its windows and its cause; the first is open, all but a few are folded away."""
    parts = [_alert(own, windows, is_open=not number) for number, own in enumerate(said.alerts[:_MAX_ALERTS])]
    if len(said.alerts) > _MAX_ALERTS:
        parts.append(f"<p>And {len(said.alerts) - _MAX_ALERTS} more in the alerts file.</p>")
    shown, folded = "".join(parts[:_N_ALERTS_SHOWN]), "".join(parts[_N_ALERTS_SHOWN:])
    n_folded = len(said.alerts) - _N_ALERTS_SHOWN
    return shown + (f"<details><summary>{n_folded} further alerts</summary>{folded}</details>" if folded else "")


def write_causes(said: ScenarioResults) -> str:
    """Show what the gaps of the running totals are made of."""
    parts = []
    for result in said.results:
        if result.window == TOTAL_WINDOW:
            for group in result.groups:
                if group.cause is not None and group.hidden is None:
                    bars = [(part.segment, part.mix, part.rate) for part in group.cause.segments]
                    title = f"{result.attribute} {group.group} against {result.reference}: {group.cause.driver}"
                    parts.append(split_bars(title, bars) + f"<p>{escape(group.sentence or '')}</p>")
    return "".join(parts[:6])


def _alert(alert: DisclosedAlert, windows: Sequence[DisclosedResult], *, is_open: bool) -> str:
    change = alert.change.replace("_", " ")
    title = f"{moment(alert.at_s)}  {change}: {alert.attribute} {alert.group} against {alert.reference}, {alert.test}"
    facts = [
        ("told", moment(alert.at_s)),
        ("likely began", moment(alert.onset_s)),
        ("evidence", f"10^{alert.log10_e:.2f}, needed 10^{alert.log10_threshold:.2f}"),
        ("decisions, group and reference", f"{number_text(alert.n)}, {number_text(alert.n_reference)}"),
        ("rate, ratio, gap", ", ".join(map(number_text, (alert.rate, alert.disparate_impact_ratio, alert.gap)))),
        ("id", alert.id),
    ]
    rows = [
        (
            own.window,
            moment(own.end_s),
            *map(number_text, (group.n, group.rate, group.disparate_impact_ratio, group.gap)),
        )
        for own in windows
        if own.attribute == alert.attribute and own.start_s < alert.at_s and own.end_s > alert.onset_s
        for group in own.groups
        if group.group == alert.group and group.hidden is None
    ][:12]
    cause = ""
    if alert.cause is not None:
        bars = [(part.segment, part.mix, part.rate) for part in alert.cause.segments]
        cause = split_bars(f"What the gap is made of: {alert.cause.driver}", bars)
    return (
        f"<details{' open' if is_open else ''}><summary>{escape(title)}</summary>"
        f"<p>{escape(alert.sentence or 'Fewer than k decisions: numbers are hidden.')}</p>"
        f"{write_table(('', ''), facts)}{cause}"
        f"{write_table(('window', 'ends', 'n:n', 'n:rate', 'n:ratio', 'n:gap'), rows) if rows else ''}</details>"
    )
