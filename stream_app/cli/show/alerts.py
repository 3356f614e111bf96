"""``fairstream alerts``: what the sequential tests found, and when it was over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stream_app.cli import app
from stream_app.cli.output import Json, Kafka, PolicyName, facts, notes, print_json, read_settings

if TYPE_CHECKING:
    from stream_app.pipeline.disclosure.alerts import DisclosedAlert
    from stream_app.pipeline.records.alerts import Alert

alerts = typer.Typer(no_args_is_help=True, help="What the sequential tests found, and when it was over.")
app.add_typer(alerts, name="alerts")


@alerts.command("list")
def list_alerts(
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Annotated[str | None, typer.Option(help="Only this model.", show_default=False)] = None,
    attribute: Annotated[str | None, typer.Option(help="Only this attribute.", show_default=False)] = None,
    last: Annotated[int, typer.Option(min=0, help="Newest alerts; 0 for all.")] = 20,
    unsafe_exact: Annotated[
        bool, typer.Option("--unsafe-exact", help="Show groups of any size; for auditors, not for publication.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List breaches and recoveries with onset, evidence and cause, oldest first.

    Numbers about fewer than k decisions (policy: privacy.k) are hidden.

    Example: fairstream alerts list --model loans --last 5
    """
    from stream_app.edges.kafka.readers.live_results import open_alerts  # noqa: PLC0415
    from stream_app.pipeline.disclosure.alerts import disclose_alert  # noqa: PLC0415
    from stream_app.pipeline.names import model_of  # noqa: PLC0415
    from stream_app.policy import Privacy, load_policy  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy)
    k_by_model = {own.name: own.privacy.k for own in load_policy(settings.policy).models}
    default_k = max([*k_by_model.values(), Privacy().k])  # of a model that this policy does not name

    def is_wanted(alert: Alert) -> bool:
        return model in (None, alert.model, model_of(alert.model)) and attribute in (None, alert.attribute)

    with open_alerts(settings.kafka) as reader:
        found = sorted(filter(is_wanted, reader.read_to_end()), key=lambda alert: (alert.at_s, alert.id))
    shown = [
        disclose_alert(alert, 0 if unsafe_exact else k_by_model.get(model_of(alert.model), default_k))
        for alert in found[-last or None :]
    ]
    if reader.n_unreadable:
        notes.print(f"{reader.n_unreadable} records are of another version and were left out")
    if as_json:
        for alert in shown:
            print_json(alert)
    elif shown:
        facts.print(_table(shown))
    else:
        notes.print("No alerts yet. A breach shows up as soon as its evidence is beyond doubt.")


def _table(shown: list[DisclosedAlert]) -> Table:
    table = Table(title="Alerts (event time, UTC)", title_justify="left", title_style="bold")
    for name in ("id", "at", "likely since"):
        table.add_column(name, no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("what", overflow="fold")
    table.add_column("evidence", justify="right", no_wrap=True)
    table.add_column("finding", overflow="fold")
    for alert in shown:
        table.add_row(
            alert.id,
            _utc(alert.at_s),
            _utc(alert.onset_s),
            escape(alert.model),
            _what(alert),
            f"10^{alert.log10_e:.1f}",
            escape(alert.sentence or "fewer than k decisions: not shown"),
        )
    return table


def _what(alert: DisclosedAlert) -> str:
    style = "bold white on red" if alert.change == "breach" else "green"
    pair = f"{alert.attribute}: {alert.group} against {alert.reference}"
    return f"[{style}] {alert.change.replace('_', '-')} [/] {escape(pair)}, {alert.test.value.replace('_', ' ')}"


def _utc(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S}"
