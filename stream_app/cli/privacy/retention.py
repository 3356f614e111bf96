"""``fairstream privacy retention``: judge how long the topics of a policy keep records."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, TopicFlags
from stream_app.cli.output import facts, notes, print_json
from stream_app.core.inspection.retention import DAY_MS, RetentionBounds, RetentionReport, days, judge_retention
from stream_app.edges.inspection.topic_settings import read_retention
from stream_app.policy import Policy, load_policy
from stream_app.topics import TopicSpec, declared_topics

_PERSONAL = {"raw", "raw outcomes", "output", "dead letters", "late decisions"}  # records about single persons
_FLAGGED = {"too long", "unlimited", "too short"}


@with_flags
def retention(
    flags: TopicFlags,
    most: Annotated[
        float, typer.Option("--max-days", min=0.01, max=36_500, help="Longest retention of records about persons.")
    ] = 365,
    as_json: Json = False,
) -> None:
    """Judge how long the topics of a policy keep records.

    Reads the settings of the real topics. Records about persons may be kept for --max-days; raw records no longer than
    max_age_s of the policy, after which they would be late. Ends with 1 if a topic keeps records too long, forever, or
    not long enough.

    Example: fairstream privacy retention --policy camera
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    specs = declared_topics(policy, settings.app_id)
    real = read_retention(settings.connection, [spec.name for spec in specs])
    reports = [
        judge_retention(retention_bounds(spec, policy, int(most * DAY_MS)), real.get(spec.name)) for spec in specs
    ]
    for report in reports:
        _print(report, as_json=as_json)
    if any(report.verdict in _FLAGGED for report in reports):
        raise typer.Exit(Exit.FAILED)


def retention_bounds(spec: TopicSpec, policy: Policy, most_ms: int) -> RetentionBounds:
    """Return the bounds of a topic: FairStream's own are needed as long as declared, raw ones until they are tested.

    Hours of areas are about no person, so nothing bounds how long they are kept.
    """
    if spec.owner == "fairstream":
        least_ms = int(spec.config.get("retention.ms", 0))
        return RetentionBounds(
            topic=spec.name,
            contents=spec.contents,
            most_ms=most_ms if spec.role in _PERSONAL else None,
            least_ms=least_ms,
        )
    models = [model for model in policy.models if spec.name in {model.topic, model.outcome and model.outcome.topic}]
    longest_s = max(max(window.size_s for window in model.windows) + model.wait_s for model in models)
    has_people = any(model.kind != "allocations" for model in models)
    limits_ms = [model.event_time.max_age_s * 1000 for model in models if model.topic == spec.name]
    return RetentionBounds(
        topic=spec.name,
        contents=spec.contents,
        most_ms=min([most_ms, *limits_ms]) if has_people else None,
        least_ms=min([int(longest_s * 1000), *limits_ms]),
    )


def _print(report: RetentionReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    kept = "" if report.kept_ms is None else "forever" if report.kept_ms < 0 else days(report.kept_ms)
    facts.print(f"{report.verdict:<10} {kept:<8} {report.topic}", markup=False)
    for line in filter(None, (report.reason, report.note)):
        notes.print(f"{'':<10} {report.topic}: {line}", markup=False)
