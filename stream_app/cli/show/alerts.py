"""``fairstream alerts``: breaches that the sequential tests detected, and their recoveries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ShownFlags
from stream_app.cli.flags.settings import Json, SourceFlags
from stream_app.cli.output import facts, note_skipped, notes, print_json
from stream_app.cli.show.result_table import STYLES
from stream_app.edges.kafka.readers.live_results import open_alert_records
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.shown import smallest_groups
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.alerts import Alert, MonitoringRestart
from stream_app.policy import load_policy


@with_flags
def list_alerts(
    *,
    shown: ShownFlags,
    last: Annotated[int, typer.Option(min=0, help="Number of newest alerts; 0: all.")] = 20,
    flags: SourceFlags,
    as_json: Json = False,
) -> None:
    """List breaches and recoveries, oldest first.

    Each has its estimated onset, its evidence and its cause. Numbers about fewer than k decisions (policy: privacy.k)
    are suppressed. A line between them says where a changed policy restarted the monitoring.

    Example: fairstream alerts list --model loans --last 5
    """
    settings = flags.settings()
    k_of = smallest_groups(load_policy(settings.policy))

    def is_selected(record: Alert | MonitoringRestart) -> bool:
        is_of_model = shown.model in (None, record.model, model_of(record.model))
        return is_of_model and (isinstance(record, MonitoringRestart) or shown.attribute in (None, record.attribute))

    with open_alert_records(settings.connection) as reader:
        selected = sorted(filter(is_selected, reader.read_to_end()), key=lambda record: (record.at_s or 0, record.id))
    alerts = [
        record
        if isinstance(record, MonitoringRestart)
        else disclose_alert(record, 0 if shown.unsafe_exact else k_of(record.model))
        for record in selected[-last or None :]
    ]
    note_skipped(reader.unreadable, reader.n_unreadable)
    if as_json:
        for alert in alerts:
            print_json(alert)
    elif alerts:
        facts.print(_table(alerts))
    else:
        notes.print("No alerts. An alert appears once the evidence crosses the threshold.")


def _table(alerts: list[DisclosedAlert | MonitoringRestart]) -> Table:
    table = Table(title="Alerts (event time, UTC)", title_justify="left", title_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("at\n≈ estimated onset\n≥ ≤ its 99% CI", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("alert", overflow="fold")
    table.add_column("evidence", justify="right", no_wrap=True)
    table.add_column("description", overflow="fold")
    for alert in alerts:
        if isinstance(alert, MonitoringRestart):
            at = "" if alert.at_s is None else _utc(alert.at_s)
            table.add_row(alert.id, at, "", escape(alert.model), alert.change, "", escape(alert.sentence))
            continue
        table.add_row(
            alert.id,
            _times(alert),
            escape(alert.model),
            _describe(alert),
            f"10^{alert.log10_e:.1f}",
            escape(alert.sentence or "suppressed: fewer than k decisions"),
        )
    return table


def _describe(alert: DisclosedAlert) -> str:
    style = STYLES["breach" if alert.change == "breach" else "ok"]
    pair = f"{alert.attribute}: {alert.group} vs. {alert.reference}"
    return f"[{style}] {alert.change} [/] {escape(pair)}, {alert.test.value.replace('_', ' ')}"


def _times(alert: DisclosedAlert) -> str:
    """Return the times of an alert, one below the other: its own, its onset, and the interval of that."""
    times = (("", alert.at_s), ("≈ ", alert.onset_s), ("≥ ", alert.onset_earliest_s), ("≤ ", alert.onset_latest_s))
    return "\n".join(f"{sign}{_utc(time_s)}" for sign, time_s in times if time_s is not None)


def _utc(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S}"
