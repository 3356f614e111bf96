"""``fairstream privacy retention``: judge how long the topics of a policy keep records."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, OnlyModel, TopicFlags
from stream_app.cli.output import facts, notes, print_json
from stream_app.core.inspection.retention import DAY_MS, RetentionReport, days
from stream_app.policy import load_policy
from stream_app.programs.retention import FLAGGED, read_reports


@with_flags
def retention(
    flags: TopicFlags,
    most: Annotated[
        float, typer.Option("--max-days", min=0.01, max=36_500, help="Longest retention of records about persons.")
    ] = 365,
    model: OnlyModel = None,
    as_json: Json = False,
) -> None:
    """Judge how long the topics of a policy keep records.

    Reads the settings of the real topics. Records about persons may be kept for --max-days; raw records no longer than
    max_age_s of the policy, after which they would be late. Ends with 1 if a topic keeps records too long, forever, or
    not long enough.

    Example: fairstream privacy retention --policy camera
    """
    settings = flags.settings()
    policy = load_policy(settings.policy).only(model)
    reports = read_reports(settings.connection, policy, settings.app_id, most_ms=int(most * DAY_MS))
    for report in reports:
        _print(report, as_json=as_json)
    if any(report.verdict in FLAGGED for report in reports):
        raise typer.Exit(Exit.FAILED)


def _print(report: RetentionReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    kept = "" if report.kept_ms is None else "forever" if report.kept_ms < 0 else days(report.kept_ms)
    facts.print(f"{report.verdict:<10} {kept:<8} {report.topic}", markup=False)
    for line in filter(None, (report.reason, report.note)):
        notes.print(f"{'':<10} {report.topic}: {line}", markup=False)
