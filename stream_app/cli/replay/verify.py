"""``fairstream replay verify``: compare the published records with a recomputation from the source topics."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import AlertId, ReplayRange, ReplaySource, UnsafeExact
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import facts, print_json
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.selection import select_model, select_source
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.difference import Difference
from stream_app.pipeline.replay.verify.verification import Verification
from stream_app.policy import load_policy
from stream_app.programs.replay.verify import range_of_alert
from stream_app.programs.replay.verify import verify as recompute
from stream_app.topics import FAIRNESS_ALERTS


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

    Ends with 0 if everything is equal, with 1 and the first difference if not, with 2 if records or journal entries
    have expired.

    Example: fairstream replay verify --model loans --published
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    model = select_model(policy, selection.model)
    choice = select_source(model, source)
    now_s = time.time()
    ends = (selection.from_, selection.to)
    compared = ComparedRange(*(None if text is None else parse_moment(text, now_s) for text in ends))
    if alert is not None:
        compared = range_of_alert(settings, model, alert, has_outcomes=True)
    with progress_bar("verifying", as_json=as_json) as note:
        verification = recompute(settings, model, choice, compared, note, k=0 if unsafe_exact else model.privacy.k)
    if as_json:
        print_json(verification)
    else:
        facts.print(describe(verification), markup=False)
    if not verification.is_equal:
        raise typer.Exit(Exit.FAILED)


def describe(verification: Verification) -> str:
    """Return one line: everything is reproduced, or the first difference."""
    outcomes = verification.outcomes
    if verification.difference is not None:
        return _describe_difference(verification, verification.difference)
    if outcomes is not None and outcomes.difference is not None:
        return _describe_difference(outcomes, outcomes.difference)
    text = (
        f"VERIFIED: {verification.n_equal:,} published results, alerts and journal entries of model "
        f"{verification.model} reproduced exactly from {verification.n_records:,} source records"
    )
    if outcomes is not None:
        text += f", and {outcomes.n_equal:,} about its outcomes from {outcomes.n_records:,} outcome-join records"
    return f"{text} ({_scope_of(verification)})"


def _scope_of(verification: Verification) -> str:
    """Name the policies under which the model was judged, and where the verification began."""
    hashes = verification.policies or (verification.policy_hash,)
    policies = f"policy {hashes[-1]}" if len(hashes) == 1 else f"policies {', '.join(hashes)}"
    if verification.since_s is None:
        return policies
    began = f"the checkpoint of {_time(verification.since_s)}, journal entry {verification.since_entry}"
    return f"{policies}; since {began}"


def _describe_difference(verification: Verification, difference: Difference) -> str:
    scope = "outcomes, " if is_of_outcomes(verification.model) else ""
    subject = _subject_of(difference)
    if difference.field == "record" and not difference.is_hidden:
        text = f"{_side_of(difference)}: {subject}"
    elif difference.is_hidden:
        text = f"{subject}, {difference.field}: suppressed, fewer than k"
    else:
        text = f"{subject}, {difference.field}: published {difference.live}, recomputed {difference.replayed}"
    return f"MISMATCH: {scope}{text}; {_place_of(verification)}"


def _side_of(difference: Difference) -> str:
    if difference.live is None:  # of the journal it is not known which side has the record
        return f"{difference.topic} and the recomputation do not have the same records"
    if difference.live:
        return f"{difference.topic} contains a record that the recomputation does not produce"
    return f"{difference.topic} lacks a record that the recomputation produces"


def _subject_of(difference: Difference) -> str:
    if not difference.window:
        return f"record of {difference.topic}"
    group = f" group {difference.group}" if difference.group else ""
    if difference.topic == FAIRNESS_ALERTS:
        return f"alert {difference.key} at {_time(difference.end_s)}, {difference.attribute}{group}"
    return f"window {difference.window} ending {_time(difference.end_s)}, {difference.attribute}{group}"


def _place_of(verification: Verification) -> str:
    place = verification.divergence
    if place is None:
        return "the counts of all source partitions agree, or their partials have expired"
    where = f"first in {place.topic}[{place.partition}], offsets {place.first_offset} to {place.next_offset - 1}"
    return f"{where} (other records than were counted: changed, compacted, or of a topic that was created again)"


def _time(time_s: int) -> str:
    try:
        return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a forged record may state any time
        return f"time {time_s}"
