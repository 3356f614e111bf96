"""``fairstream replay verify``: compare the published records with a recomputation from the source topics."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec
import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import AlertId, ReplayRange, ReplaySource, UnsafeExact
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import facts, print_json
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.selection import select_model, select_source
from stream_app.errors import RepeatedEventError
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.verification import Verification
from stream_app.policy import load_policy
from stream_app.programs.audit.events import append_exact
from stream_app.programs.replay.verify import range_of_alert
from stream_app.programs.replay.verify import verify as recompute
from stream_app.programs.replay.words import ReadTopic, describe, describe_repeated


class RepeatedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A copy that was not compared, since it contains an event twice or not in order.

    Attributes:
        model: Name of the model.
        topic: The copy.
        partition: Its partition.
        source_offset: Offset of the raw record of that event.
        is_equal: False.
    """

    model: str
    topic: str
    partition: int
    source_offset: int
    is_equal: bool = False


@with_flags
def verify(
    *,
    selection: ReplayRange,
    source: ReplaySource,
    alert: AlertId = None,
    unsafe_exact: UnsafeExact = False,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Recompute the published records and compare them byte for byte.

    Reads the source topic from the first record that was ever counted, up to exactly the offsets in the journal of
    the judge; where the first records are gone, or another version judged them, from the first checkpoint after which
    nothing is missing. With --from, --to or --alert only results and alerts of that time are compared, and reading
    begins at the last checkpoint before. Changes of the policy are followed. Records about outcomes are recomputed
    from the outcome-join topic, which needs no key.

    Ends with 0 if everything is equal; with 1 if not, and says which count differs, in which window and by how much,
    and where the source differs; with 2 if records or journal entries have expired. Kept fields and pseudonyms enter
    no verdict: a change of them is not detected.

    Example: fairstream replay verify --model loans --published
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    model = select_model(policy, selection.model, kinds=("decisions", "allocations", "amounts"))
    choice = select_source(model, source)
    now_s = time.time()
    ends = (selection.from_, selection.to)
    compared = ComparedRange(*(None if text is None else parse_moment(text, now_s) for text in ends))
    if alert is not None:
        compared = range_of_alert(settings, model, alert, has_outcomes=True)
    if unsafe_exact:
        append_exact(settings, "replay verify", model.name)
    read = ReadTopic(choice.topic_of(model), choice.kind, model)
    try:
        with progress_bar("verifying", as_json=as_json) as note:
            verification = recompute(settings, model, choice, compared, note, k=0 if unsafe_exact else model.privacy.k)
    except RepeatedEventError as error:
        if not read.is_copy:
            raise
        _print(
            describe_repeated(error, read),
            RepeatedEvent(model=model.name, topic=error.topic, partition=error.partition, source_offset=error.offset),
            as_json=as_json,
        )
        raise typer.Exit(Exit.FAILED) from None
    _print(describe(verification, read), verification, as_json=as_json)
    if not verification.is_equal:
        raise typer.Exit(Exit.FAILED)


def _print(lines: Iterable[str], answer: Verification | RepeatedEvent, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for line in lines:
        facts.print(line, markup=False)
