"""The alerts of a report, with their numbers, windows and causes, and the causes of the running totals."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts
from stream_app.pipeline.disclosure.causes import DisclosedCause
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.evidence import KIND_OF_TEST, MEAN_KINDS, LimitKind
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import ModelPolicy
from stream_app.render.charts import split_bars, time_label
from stream_app.render.escaping import escape
from stream_app.render.html_table import number_text, share_text, write_table
from stream_app.render.report.amounts import (
    AMOUNT_HEAD,
    PARTS,
    amount_bars,
    amount_cells,
    are_of_amounts,
    means_of_alert,
    rounded_difference,
)
from stream_app.render.report.charts import segment_name

_MAX_ALERTS = 60
_OF_SCORES = {test for test, kind in KIND_OF_TEST.items() if kind is LimitKind.SCORE}
_N_ALERTS_SHOWN = 10  # the others are collapsed


def write_alerts(scenario: ScenarioResults, windows: Sequence[DisclosedResult], model: ModelPolicy) -> str:
    """Write each alert with its numbers, its windows and its cause; the first is open, all but a few are collapsed."""
    alerts = scenario.alerts
    parts = [_alert(alert, windows, model, is_open=not number) for number, alert in enumerate(alerts[:_MAX_ALERTS])]
    if len(alerts) > _MAX_ALERTS:
        parts.append(f"<p>And {len(alerts) - _MAX_ALERTS} more in the alerts file.</p>")
    shown, collapsed = "".join(parts[:_N_ALERTS_SHOWN]), "".join(parts[_N_ALERTS_SHOWN:])
    n_more = len(alerts) - _N_ALERTS_SHOWN
    if not collapsed:
        return shown
    return f'{shown}<details class="fold"><summary>{n_more} more alerts</summary>{collapsed}</details>'


def write_causes(scenario: ScenarioResults, model: ModelPolicy) -> str:
    """Write the decomposition of the gaps of the running totals."""
    parts = []
    for result in scenario.newest_totals():
        for group in result.groups:
            if group.cause is not None and group.hidden is None:
                title = f"{result.attribute} {group.group} vs. {result.reference}: {_driver(group.cause)}"
                parts.append(split_bars(title, _bars(group.cause, model)) + f"<p>{escape(group.sentence or '')}</p>")
    return "".join(parts[:6])


def _onset(alert: DisclosedAlert) -> str:
    if alert.onset_earliest_s is None or alert.onset_latest_s is None:
        return time_label(alert.onset_s)
    ends = f"{time_label(alert.onset_earliest_s)} to {time_label(alert.onset_latest_s)}"
    return f"{time_label(alert.onset_s)} (99% CI {ends}, for an abrupt change)"


def _bars(cause: DisclosedCause, model: ModelPolicy) -> list[tuple[str, float, float]]:
    """Return the bars of a decomposition, each with the name of the segment's field and its value."""
    return [(segment_name(part.segment, model), part.mix, part.rate) for part in cause.segments]


def _driver(cause: DisclosedCause) -> str:
    return cause.driver.replace("_", " ")


def _alert(alert: DisclosedAlert, windows: Sequence[DisclosedResult], model: ModelPolicy, *, is_open: bool) -> str:
    pair = f"{alert.attribute} {alert.group} vs. {alert.reference}"
    title = f"{time_label(alert.at_s)}  {alert.change}: {pair}, {alert.test.value.replace('_', ' ')}"
    least = "at least " if alert.is_rounded else ""
    facts = [
        ("reported at", time_label(alert.at_s)),
        ("estimated onset", _onset(alert)),
        ("evidence", f"10^{alert.log10_e:.2f}, threshold 10^{alert.log10_threshold:.2f}"),
        ("decisions of group and reference", f"{least}{number_text(alert.n)}, {number_text(alert.n_reference)}"),
        _values_of(alert),
        ("id", alert.id),
    ]
    of_amounts, limit = are_of_amounts(model.rules), model.rules.max_mean_difference or 0.0
    head = AMOUNT_HEAD if of_amounts else ("n:rate", "n:ratio", "n:gap")
    rows = [
        (
            window.window,
            time_label(window.end_s),
            number_text(group.n),
            *(amount_cells(group, limit, "") if of_amounts else _shares(group)),
        )
        for window in windows
        if window.attribute == alert.attribute and window.start_s < alert.at_s and window.end_s > alert.onset_s
        for group in window.groups
        if group.group == alert.group and group.hidden is None
    ][:12]
    cause = ""
    if alert.cause is not None:
        cause = split_bars(f"Decomposition of the gap: {_driver(alert.cause)}", _bars(alert.cause, model))
    elif isinstance(alert.amounts, DisclosedAlertAmounts) and alert.amounts.cause is not None:
        bars = amount_bars(alert.amounts.cause, model)
        cause = split_bars("Decomposition of the difference of means", bars, parts_named=PARTS)
    return (
        f"<details{' open' if is_open else ''}><summary>{escape(title)}</summary>"
        f"<p>{escape(alert.sentence or 'Fewer than k decisions: the numbers are suppressed.')}</p>"
        f"{write_table(('', ''), facts)}{cause}"
        f"{write_table(('window', 'ends', 'n:n', *head), rows) if rows else ''}</details>"
    )


def _shares(group: DisclosedGroup) -> list[str]:
    return [share_text(value, "undefined") for value in (group.rate, group.disparate_impact_ratio, group.gap)]


def _values_of(alert: DisclosedAlert) -> tuple[str, str]:
    """Return the name and the text of what an alert is about."""
    if KIND_OF_TEST[alert.test] in MEAN_KINDS:
        name, amounts = "means of group and reference, difference", alert.amounts
        if not isinstance(amounts, DisclosedAlertAmounts):
            return name, "suppressed"
        if alert.is_rounded:
            return "difference of means", rounded_difference(amounts)
        return name, means_of_alert(amounts)
    name = "share of the scores, ratio, gap" if alert.test in _OF_SCORES else "rate, ratio, gap"
    return name, _values(alert.n, alert.rate, alert.disparate_impact_ratio, alert.gap)


def _values(n: int | None, *values: float | None) -> str:
    """Return the values of an alert; without the number of decisions they are suppressed too."""
    return ", ".join(share_text(value, "suppressed" if n is None else "undefined") for value in values)
