"""``fairstream replay bisect``: since when, by which version and in which segment is a group treated otherwise?"""

from __future__ import annotations

import enum
import time
from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, Kafka, PolicyName, StateDir, facts, print_json, read_settings
from stream_app.cli.replay.bisect_text import describe
from stream_app.cli.replay.group import replay
from stream_app.cli.replay.options import From, FromRaw, Model, SourceTopic, To, choice_of, model_of, progress_bar
from stream_app.cli.replay.run import time_range_of
from stream_app.policy import load_policy

_MAX_CHANCE = 0.01


class MetricName(enum.StrEnum):
    """What may have changed."""

    DIR = "dir"
    GAP = "gap"


@replay.command()
def bisect(  # noqa: PLR0913, PLR0917 - one for each flag
    group: Annotated[str, typer.Option("--group", help="The group that is looked at.")],
    metric: Annotated[MetricName, typer.Option("--metric", help="What may have changed.")] = MetricName.DIR,
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="Its attribute, where several have it.", show_default=False)
    ] = None,
    kafka: Kafka = None,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    model: Model = None,
    from_: From = None,
    to: To = None,
    from_raw: FromRaw = True,
    source_topic: SourceTopic = None,
    as_json: Json = False,
) -> None:
    """Find the pane from which on a group is treated otherwise, the model version it began with, and its segment.

    One change is looked for: give a stretch (--from, --to) that holds one. Versions are told where the policy names
    their field (model_version). Ends with 0 when there is a change that chance makes in less than 1 of 100 logs, with
    1 when there is none.

    Example: fairstream replay bisect --metric dir --group female --from 6h
    """
    from stream_app.pipeline.replay.bisect.bisection import attribute_of  # noqa: PLC0415  # other commands start faster
    from stream_app.programs.replay.bisect import bisect as search  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, state_dir=state_dir)
    meant = model_of(load_policy(settings.policy), model)
    watched = attribute_of(meant, group, attribute)
    time_range = time_range_of(from_, to, time.time())
    choice = choice_of(meant, from_raw=from_raw, source_topic=source_topic)
    with progress_bar("searching", as_json=as_json) as note:
        found = search(settings, meant, watched, group, metric.value, time_range, choice, note)
    is_found = found.onset is not None and found.onset.p_value < _MAX_CHANCE
    if as_json:
        told = {"onset": found.onset, "versions": found.versions, "offsets": found.offsets}
        print_json({"is_found": is_found, "attribute": watched.name, "group": group, **told})
    elif is_found:
        for line in describe(found, f"{group} against {watched.reference}", meant.privacy.k):
            facts.print(line, markup=False)
    else:
        facts.print(f"No change of {metric} of {group} against {watched.reference}")
    if not is_found:
        raise typer.Exit(Exit.FAILED)
