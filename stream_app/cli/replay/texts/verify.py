"""What ``fairstream replay verify`` says to people: what was proven, or what differs, by how much, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from stream_app.errors import RepeatedEventError
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.replay.source_log import SourceKind
from stream_app.pipeline.replay.verify.difference import Difference
from stream_app.pipeline.replay.verify.verification import Verification
from stream_app.policy import ModelPolicy
from stream_app.topics import FAIRNESS_ALERTS

_NAMES = {
    "n": "decisions",
    "favorable": "favorable decisions",
    "tp": "favorable decisions with a good outcome",
    "fp": "favorable decisions with a bad outcome",
    "fn": "unfavorable decisions with a good outcome",
    "tn": "unfavorable decisions with a bad outcome",
    "log10_e": "evidence (log10 e-value)",
}
_MAX_ALERTS = 4  # that are named
_OUTCOME_NAMES = _NAMES | {"n": "outcomes"}
_AGREES = (
    "The counts of all source partitions agree with what was counted (fairness-partials), or their records have "
    "expired (7 days). Where they agree, the published record was changed, not the source."
)
_OTHER_RECORDS = (
    "The topic that was read has other records there than were counted: a record was changed, added or left out, or "
    "this is a topic that was created again."
)


@dataclass(frozen=True)
class ReadTopic:
    """The topic that a verification read.

    Attributes:
        name: Its name.
        kind: Raw records or published events.
        model: The policy of the model.
    """

    name: str
    kind: SourceKind
    model: ModelPolicy

    @property
    def original(self) -> str:
        """The topic of the policy that it stands for."""
        return self.model.topic if self.kind == "raw" else self.model.output_topic or ""

    @property
    def is_copy(self) -> bool:
        """Whether it is a copy under another name."""
        return self.name != self.original

    def __str__(self) -> str:
        contents = "raw records" if self.kind == "raw" else "published events"
        return f"{self.name} ({contents}{f', a copy of {self.original}' if self.is_copy else ''})"


def describe(verification: Verification, read: ReadTopic) -> Iterator[str]:
    """Yield the answer, line by line: the result first, then what explains it, and what it does not cover."""
    outcomes = verification.outcomes
    if verification.difference is not None:
        yield from _describe_difference(verification, verification.difference, read)
    elif outcomes is not None and outcomes.difference is not None:
        yield from _describe_difference(outcomes, outcomes.difference, read)
    else:
        yield _describe_proof(verification)
        yield f"  {'alerts':<10}  {_describe_alerts(verification)}"
        yield f"  {'read':<10}  {read}"
    yield f"  {'not proven':<10}  {_outside(read.model)}"


def describe_repeated(error: RepeatedEventError, read: ReadTopic) -> Iterator[str]:
    """Yield why a copy that contains an event twice cannot be what was counted."""
    yield f"MISMATCH: {error.topic} contains an event twice, or not in order; the original has each once."
    yield f"  {'read':<10}  {read}"
    of_log = f" of log {error.log_number}" if error.log_number else ""
    yield f"  {'where':<10}  partition {error.partition}, the event of source offset {error.offset}{of_log}"
    yield f"  {'reason':<10}  A record was added to the copy or moved in it. Nothing else was compared."


def _describe_proof(verification: Verification) -> str:
    outcomes = verification.outcomes
    text = (
        f"VERIFIED: {verification.n_equal:,} published results, alerts and journal entries of model "
        f"{verification.model} reproduced exactly from {verification.n_records:,} source records"
    )
    if outcomes is not None:
        text += f", and {outcomes.n_equal:,} about its outcomes from {outcomes.n_records:,} outcome-join records"
    return f"{text} ({_scope_of(verification)})"


def _describe_alerts(verification: Verification) -> str:
    """Name the alerts that were reproduced, those of single attributes first."""
    of_outcomes = () if verification.outcomes is None else verification.outcomes.alerts
    alerts = [(alert, "") for alert in verification.alerts] + [(alert, "outcomes, ") for alert in of_outcomes]
    named = [
        f"{alert.change} of {subject}{alert.attribute}, {alert.group} vs. {alert.reference}, at {_time(alert.at_s)}"
        for alert, subject in alerts
    ]
    names = list(dict.fromkeys(named))  # ratio and gap of a pair are one
    if not names:
        return "none in this time range"
    more = f"; and {len(names) - _MAX_ALERTS:,} more" if len(names) > _MAX_ALERTS else ""
    return f"{len(names):,} reproduced: {'; '.join(names[:_MAX_ALERTS])}{more}"


def _scope_of(verification: Verification) -> str:
    """Name the policies under which the model was judged, and where the verification began."""
    hashes = verification.policies or (verification.policy_hash,)
    policies = f"policy {hashes[-1]}" if len(hashes) == 1 else f"policies {', '.join(hashes)}"
    if verification.since_s is None:
        return policies
    began = f"the checkpoint of {_time(verification.since_s)}, journal entry {verification.since_entry}"
    reason = "" if verification.since_reason is None else f" (not earlier: {verification.since_reason})"
    return f"{policies}; since {began}{reason}"


def _outside(model: ModelPolicy) -> str:
    """Name what enters no verdict, so that a change of it is not detected."""
    kept = f"kept fields ({', '.join(model.keep)})" if model.keep else "kept fields"
    return f"{kept} and pseudonyms: they enter no verdict, so a change of them is not detected"


def _describe_difference(verification: Verification, difference: Difference, read: ReadTopic) -> Iterator[str]:
    is_about_outcomes = is_of_outcomes(verification.model)
    yield f"MISMATCH: {_headline(difference)}"
    for name, text in _facts(difference, is_about_outcomes=is_about_outcomes):
        yield f"  {name:<10}  {text}"
    place = verification.divergence
    shown = f"{place.topic} (decisions and outcomes joined)" if is_about_outcomes and place else str(read)
    yield f"  {'read':<10}  {shown}"
    if place is not None:
        offsets = f"offsets {place.first_offset} to {place.next_offset - 1}"
        counted = "" if is_about_outcomes or read.kind == "raw" else f" of {read.model.topic}"
        yield f"  {'where':<10}  partition {place.partition}, {offsets}{counted}"
    yield f"  {'reason':<10}  {_AGREES if place is None else _OTHER_RECORDS}"
    n_missing, n_unexpected = f"{verification.n_missing:,}", f"{verification.n_unexpected:,}"
    counts = f"recomputed, not published: {n_missing}; published, not recomputed: {n_unexpected}"
    yield f"  {'records':<10}  {counts}; equal: {verification.n_equal:,}"


def _headline(difference: Difference) -> str:
    if difference.field != "record" or difference.is_hidden:
        return f"a record of {difference.topic} differs from the recomputation"
    if difference.live is None:  # of the journal it is not known which side has the record
        return f"{difference.topic} and the recomputation do not have the same records"
    if difference.live:
        return f"{difference.topic} contains a record that the recomputation does not produce"
    return f"{difference.topic} lacks a record that the recomputation produces"


def _facts(difference: Difference, *, is_about_outcomes: bool) -> Iterator[tuple[str, str]]:
    """Yield which record differs, and in which value."""
    if difference.window:
        yield "record", _record_of(difference, is_about_outcomes=is_about_outcomes)
    name = (_OUTCOME_NAMES if is_about_outcomes else _NAMES).get(difference.field, difference.field)
    if difference.is_hidden:
        yield "value", f"{name}: suppressed, fewer than k (see --unsafe-exact)"
    elif difference.field != "record":
        yield "value", f"{name}: {_values(difference)}"


def _record_of(difference: Difference, *, is_about_outcomes: bool) -> str:
    group = f", group {difference.group}" if difference.group else ""
    subject = "outcomes, " if is_about_outcomes else ""
    if difference.topic == FAIRNESS_ALERTS:
        return f"{subject}alert {difference.key} at {_time(difference.end_s)}, {difference.attribute}{group}"
    times = f"{_time(difference.start_s)} to {_time(difference.end_s)}"
    return f"{subject}window {difference.window} from {times}, {difference.attribute}{group}"


def _values(difference: Difference) -> str:
    live, ours = difference.live, difference.replayed
    if isinstance(live, int) and isinstance(ours, int) and not isinstance(live, bool):
        change = f", {abs(ours - live):,} {'more' if ours > live else 'fewer'}"
        return f"{live:,} published, {ours:,} recomputed{change}"
    return f"{live} published, {ours} recomputed"


def _time(time_s: int) -> str:
    try:
        return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a forged record may state any time
        return f"time {time_s}"
