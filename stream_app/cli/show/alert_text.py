"""An alert for people: a block that begins with what happened and when, and ends with what a replay needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.text import Text

from stream_app.cli.show.result_table import STYLES
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.wording import words_of_test
from stream_app.pipeline.records.alerts import MonitoringRestart, SealedAlert
from stream_app.pipeline.records.results import ProxyValues
from stream_app.printed_text import in_one_line

_SUPPRESSED = "Numbers suppressed: fewer than k decisions."


def describe_alert(alert: DisclosedAlert | MonitoringRestart | SealedAlert) -> Text:
    """Return the lines of one alert, or of one restart of the monitoring; times are event time, UTC."""
    if isinstance(alert, SealedAlert):
        head = Text.assemble(
            (alert.change, STYLES.get(alert.change, STYLES["warning"])), in_one_line(f"  {alert.model}  sealed")
        )
        lines = [
            ("at", "" if alert.at_s is None else _utc(alert.at_s)),
            ("to", in_one_line(", ".join(sorted(alert.shares)))),
        ]
        lines.append(("id", alert.id))
    elif isinstance(alert, MonitoringRestart):
        head = Text.assemble(("restart", STYLES["warning"]), in_one_line(f"  {alert.model}"))
        lines = [("at", "" if alert.at_s is None else _utc(alert.at_s)), ("what", alert.sentence), ("id", alert.id)]
    else:
        style = STYLES["breach" if alert.change == "breach" else "ok"]
        pair = f"{alert.attribute}: {alert.group} vs. {alert.reference}"
        mark = ", estimated groups" if isinstance(alert.proxy, ProxyValues) else ""
        test = f"{words_of_test(alert.test.value)}{mark}"
        head = Text.assemble((alert.change, style), in_one_line(f"  {alert.model}  {pair}, {test}"))
        lines = [*_lines(alert)]
    return Text("\n").join([head, *(Text(in_one_line(f"  {name:<8}  {text}")) for name, text in lines if text)])


def _lines(alert: DisclosedAlert) -> Iterator[tuple[str, str]]:
    onset = "onset" if alert.change == "breach" else "ended"
    yield "at", _utc(alert.at_s)
    yield onset, f"{_utc(alert.onset_s)}{_interval(alert)} (estimated)"
    yield "evidence", f"10^{alert.log10_e:.1f}, threshold 10^{alert.log10_threshold:.1f}"
    yield "what", alert.sentence or _SUPPRESSED
    yield "id", alert.id


def _interval(alert: DisclosedAlert) -> str:
    if alert.onset_earliest_s is None or alert.onset_latest_s is None:
        return ""
    return f", 99% CI {_utc(alert.onset_earliest_s)} to {_utc(alert.onset_latest_s)}"


def _utc(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
