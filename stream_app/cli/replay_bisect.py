"""``fairstream replay bisect``: since when, and in which segment, is a group treated otherwise?"""

from __future__ import annotations

import enum
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.options import Json, Kafka, PolicyName, StateDir, facts, print_json, read_settings
from stream_app.cli.replay import replay
from stream_app.cli.replay_options import From, FromRaw, Model, SourceTopic, To, choice_of, model_of, progress_bar
from stream_app.cli.replay_run import stretch_of
from stream_app.policy import load_policy

if TYPE_CHECKING:
    from stream_app.pipeline.replay.onset import Onset

_MAX_CHANCE = 0.01
_MAX_SEGMENTS = 5


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
    """Find the pane from which on a group is treated otherwise, and the segment that makes most of the change.

    One change is looked for: give a stretch (--from, --to) that holds one. Ends with 0 when there is a change that
    chance makes in less than 1 of 100 logs, with 1 when there is none.

    Example: fairstream replay bisect --metric dir --group female --from 6h
    """
    from stream_app.wiring.replay_bisect import attribute_of  # noqa: PLC0415  # other commands start faster
    from stream_app.wiring.replay_bisect import bisect as search  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, state_dir=state_dir)
    meant = model_of(load_policy(settings.policy), model)
    watched = attribute_of(meant, group, attribute)
    stretch = stretch_of(from_, to, time.time())
    choice = choice_of(meant, from_raw=from_raw, source_topic=source_topic)
    with progress_bar("searching", as_json=as_json) as note:
        onset, offsets = search(settings, meant, watched, group, metric.value, stretch, choice, note)
    is_found = onset is not None and onset.p_value < _MAX_CHANCE
    if as_json:
        print_json(
            {"is_found": is_found, "attribute": watched.name, "group": group, "onset": onset, "offsets": offsets}
        )
    elif onset is None or not is_found:
        facts.print(f"No change of {metric} of {group} against {watched.reference}")
    else:
        _show(onset, offsets, f"{group} against {watched.reference}")
    if not is_found:
        raise typer.Exit(Exit.FAILED)


def _show(onset: Onset, offsets: dict[int, int], pair: str) -> None:
    moment = datetime.fromtimestamp(onset.pane_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    facts.print(
        f"{pair}: since {moment} (z = {onset.z:.1f}, chance at most {max(onset.p_value, 1e-12):.2g})", markup=False
    )
    for name, side in (("before", onset.before), ("after", onset.after)):
        ratio = "none" if side.disparate_impact_ratio is None else f"{side.disparate_impact_ratio:.3f}"
        facts.print(
            f"  {name}: ratio {ratio}, gap {side.gap:+.3f}, n {side.n:,} and {side.n_reference:,}", markup=False
        )
    facts.print(f"  change of the gap {onset.after.gap - onset.before.gap:+.4f}, by segment:", markup=False)
    for own in onset.segments[:_MAX_SEGMENTS]:
        facts.print(f"    {own.segment}: mix {own.mix:+.4f}, rate {own.rate:+.4f}", markup=False)
    places = ", ".join(f"[{partition}] {offset}" for partition, offset in sorted(offsets.items()))
    facts.print(f"  the pane begins in the records from offset: {places}", markup=False)
