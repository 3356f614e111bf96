"""``fairstream alerts``: breaches that the sequential tests detected, and their recoveries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import From, ShownFlags, To
from stream_app.cli.flags.settings import Json, SourceFlags
from stream_app.cli.output import facts, note_skipped, notes, print_json
from stream_app.cli.replay.selection import select_time_range
from stream_app.cli.show.alert_text import describe_alert
from stream_app.cli.show.other_models import OtherModels
from stream_app.edges.kafka.readers.live_results import open_alert_records
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.shown import smallest_groups_of_records
from stream_app.pipeline.records.alerts import Alert, MonitoringRestart, SealedAlert
from stream_app.policy import load_policy
from stream_app.programs.audit.events import append_exact


@with_flags
def list_alerts(
    *,
    shown: ShownFlags,
    from_: From = None,
    to: To = None,
    last: Annotated[int, typer.Option(min=0, help="Number of newest alerts; 0: all.")] = 20,
    flags: SourceFlags,
    as_json: Json = False,
) -> None:
    """List breaches and recoveries, oldest first.

    Lists those of the models of the policy; with --from and --to, of a time range. Each has its estimated onset, its
    evidence and its cause. Numbers about fewer than k decisions (policy: privacy.k) are suppressed. An entry between
    them says where a changed policy restarted the monitoring. Of a sealed alert only its model, time and change are
    shown: see alerts decrypt.

    Example: fairstream alerts list --model loans --last 5
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    selection = shown.select(policy)
    if shown.unsafe_exact:
        append_exact(settings, "alerts list", shown.model)
    k_of, others = smallest_groups_of_records(policy), OtherModels(selection)
    time_range = select_time_range(from_, to, time.time())
    with open_alert_records(settings.connection) as reader:
        selected = filter(selection.has_alert, others.note(reader.read_to_end()))
        in_range = (one for one in selected if one.at_s is None or time_range.from_s < one.at_s <= time_range.to_s)
        records = sorted(in_range, key=lambda record: (record.at_s or 0, record.id))
    alerts = [
        disclose_alert(record, 0 if shown.unsafe_exact else k_of(record)) if isinstance(record, Alert) else record
        for record in records[-last or None :]
    ]
    print_alerts(alerts, as_json=as_json)
    note_skipped(reader.unreadable, reader.n_unreadable)
    others.print_note()


def print_alerts(alerts: Sequence[DisclosedAlert | MonitoringRestart | SealedAlert], *, as_json: bool) -> None:
    """Print alerts as JSON lines, or as one block for each."""
    for alert in alerts:
        if as_json:
            print_json(alert)
        else:
            facts.print(describe_alert(alert), "", sep="\n")
    if not alerts and not as_json:
        notes.print("No alerts. An alert appears once the evidence crosses the threshold.")
