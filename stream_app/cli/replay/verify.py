"""``fairstream replay verify``: is what stands in the topics what the source topics say?"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, Kafka, PolicyName, StateDir, facts, print_json, read_settings
from stream_app.cli.replay.group import replay
from stream_app.cli.replay.options import (
    AlertId,
    From,
    FromRaw,
    Model,
    SourceTopic,
    To,
    UnsafeExact,
    choice_of,
    model_of,
    progress_bar,
)
from stream_app.policy import load_policy

if TYPE_CHECKING:
    from stream_app.pipeline.replay.verify.difference import Difference
    from stream_app.pipeline.replay.verify.verification import Verification


@replay.command()
def verify(  # noqa: PLR0913, PLR0917 - one for each flag
    kafka: Kafka = None,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    model: Model = None,
    from_: From = None,
    to: To = None,
    alert: AlertId = None,
    from_raw: FromRaw = True,
    source_topic: SourceTopic = None,
    unsafe_exact: UnsafeExact = False,
    as_json: Json = False,
) -> None:
    """Recompute what the judge wrote and compare it with the topics, byte for byte.

    Reads the source topic from the first record that was ever counted, up to exactly the offsets that the judge's
    journal names. Ends with 0 when all is equal, with 1 and the first difference when not, with 2 when records or
    journal entries are gone. With --from, --to or --alert only results and alerts of that time are
    compared. What was written about outcomes is recomputed from the labels log, which needs no key.

    Example: fairstream replay verify --model loans --published
    """
    from stream_app.pipeline.replay.moments import parse_moment  # noqa: PLC0415  # other commands start faster
    from stream_app.pipeline.replay.verify.compared_range import ComparedRange  # noqa: PLC0415
    from stream_app.programs.replay.verify import range_of_alert, verify  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, state_dir=state_dir)
    watched = load_policy(settings.policy)
    meant = model_of(watched, model)
    choice = choice_of(meant, from_raw=from_raw, source_topic=source_topic)
    now_s = time.time()
    extent = ComparedRange(*(None if text is None else parse_moment(text, now_s) for text in (from_, to)))
    if alert is not None:
        extent = range_of_alert(settings, meant, alert, has_outcomes=True)
    with progress_bar("verifying", as_json=as_json) as note:
        found = verify(settings, watched, meant, choice, extent, note, k=0 if unsafe_exact else meant.privacy.k)
    if as_json:
        print_json(found)
    else:
        facts.print(_line_of(found), markup=False)
    if not found.is_equal:
        raise typer.Exit(Exit.FAILED)


def _line_of(found: Verification) -> str:
    """Say in one line what was found: that all is equal, or the first difference."""
    outcomes = found.outcomes
    if found.difference is not None:
        return _difference_of(found, found.difference)
    if outcomes is not None and outcomes.difference is not None:
        return _difference_of(outcomes, outcomes.difference)
    about = f"{found.n_equal:,} records of model {found.model} recomputed from {found.n_records:,} source records"
    if outcomes is not None:
        about += f", and {outcomes.n_equal:,} about its outcomes from {outcomes.n_records:,} records of labels"
    return f"EQUAL: {about}, bit for bit (policy {found.policy_hash})"


def _difference_of(found: Verification, own: Difference) -> str:
    about = f"{own.field} of {own.topic}"
    if own.window:
        group = f" group {own.group}" if own.group else ""
        about = f"window {own.window} ending {_time(own.end_s)}, {own.attribute}{group}, {own.field}"
    if found.model.endswith("/outcomes"):
        about = f"outcomes, {about}"
    values = "hidden: fewer than k" if own.is_hidden else f"live {own.live}, replayed {own.replayed}"
    place = found.divergence
    where = (
        f"first in {place.topic}[{place.partition}], offsets {place.first_offset} to {place.next_offset - 1}"
        if place is not None
        else "no source partition differs from its partials, or those are gone"
    )
    return f"DIFFERS: {about}: {values}; {where}"


def _time(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
