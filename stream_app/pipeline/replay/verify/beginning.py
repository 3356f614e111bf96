"""Where a verification begins: with the first record that was ever counted, or at a checkpoint of the judge.

A beginning is possible when everything from there on can be recomputed: the journal has no gap, one log of each source
partition was counted, the present version of FairStream judged, and every policy is registered. Whether the records of
the sources are still retained is found when their logs are opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stream_app import __version__
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.errors import ReplayError
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.stored.checkpoints import verdict_digest
from stream_app.pipeline.names import model_of
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.records.checkpoints import Checkpoint, CheckpointHead
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.replay.verify.published_before import PublishedBefore
from stream_app.policy import ModelPolicy


@dataclass(frozen=True)
class SourceBeginning:
    """Where the records of one source partition begin.

    Attributes:
        model: The policy under which it is counted there.
        progress: What the judge knew of it: every record from its next offset on is counted.
        panes: Its panes that could still change, by start.
    """

    model: ModelPolicy
    progress: SourceProgress
    panes: Mapping[int, Cells]


@dataclass(frozen=True)
class Beginning:
    """Where a verification begins.

    Attributes:
        judge: The judge as it was then.
        sources: Where each source partition begins; one that is not among them begins with its first record.
        starts: First offset of each source partition that was ever counted.
        logs: Log of each source partition to which these offsets belong, where it is not 0.
        model: Policy of the model at the beginning.
        closed_before_s: Event time of the checkpoint; None for the very beginning.
        before: What was published before; None for the very beginning, before which there was nothing.
    """

    judge: ModelJudge
    sources: Mapping[SourcePartition, SourceBeginning]
    starts: Mapping[str, Mapping[int, int]]
    logs: Mapping[str, Mapping[int, int]]
    model: ModelPolicy
    closed_before_s: int | None
    before: PublishedBefore | None = None


def policy_of(book: PolicyBook, name: str, policy_hash: str) -> ModelPolicy:
    """Return the policy under which something was judged.

    Raises:
        ReplayError: it is not registered.
    """
    policy = book.get(model_of(name), policy_hash)
    if policy is None:
        raise ReplayError(
            f"The journal was made under policy {policy_hash} of model {model_of(name)}, which is not registered",
            action="Give the policy of that time with --policy",
        )
    return policy.model


def possible_heads(
    deployment: Sequence[JournalEntry], heads: Iterable[CheckpointHead], from_s: int | None
) -> list[CheckpointHead | None]:
    """Return where a verification may begin, the preferred place first; None is the very beginning.

    The earliest place is preferred, so that as much as possible is verified; with ``from_s`` the last one before it.

    Args:
        deployment: Journal entries of one ``app_id``, in order; the first ones may be gone.
        heads: Its checkpoints.
        from_s: Event time from which records are to be compared; None for all.

    >>> possible_heads([], [], None)
    []
    """
    if not deployment:
        return []
    first, last = deployment[0].number, deployment[-1].number
    known = {head.number: head for head in heads if first <= head.number + 1 and head.number <= last}
    places: list[CheckpointHead | None] = [None] if first == 0 else []
    places += [known[number] for number in sorted(known)]
    if from_s is None:
        return places
    before = [place for place in places if place is None or place.closed_before_s <= from_s]
    return before[::-1] or places


def entries_after(deployment: Sequence[JournalEntry], head: CheckpointHead | None) -> list[JournalEntry]:
    """Return the journal entries that follow a beginning."""
    return [entry for entry in deployment if head is None or entry.number > head.number]


def check_entries(
    entries: Sequence[JournalEntry], head: CheckpointHead | None, book: PolicyBook, journal_digest: str | None
) -> None:
    """Check that everything after a beginning can be recomputed.

    Args:
        entries: The journal entries that follow.
        head: The checkpoint; None for the very beginning.
        book: The registered policies.
        journal_digest: What the journal says about the checkpoint; None where that entry is gone.

    Raises:
        ReplayError: it cannot be; the message says why.
    """
    if head is not None:
        _check_version(head.code_version, f"The checkpoint after entry {head.number} of the journal")
        if journal_digest is not None and journal_digest != head.digest:
            raise ReplayError(
                f"The checkpoint after entry {head.number} of the journal is not the one that the judge made",
                action="Verify from another time (--from)",
            )
    for entry in entries:
        _check_version(entry.code_version, f"Entry {entry.number} of the journal")
        policy_of(book, entry.model, entry.policy_hash)
        if entry.recounts:
            raise ReplayError(
                f"Records were counted again under another policy before entry {entry.number} of the journal",
                action="Verify from a later time (--from)",
            )
        for source in entry.source_policies:
            policy_of(book, entry.model, source.policy_hash)


def begin(name: str, deployment: Sequence[JournalEntry], checkpoint: Checkpoint | None, book: PolicyBook) -> Beginning:
    """Return the judge and the source partitions as they were.

    Args:
        name: Name of the model, or of its outcomes.
        deployment: Journal entries of the deployment.
        checkpoint: Where to begin; None for the very beginning.
        book: The registered policies.

    Raises:
        ReplayError: the checkpoint is not what it says, or a policy is not registered.
        StateError: its state cannot be read.
    """
    last = deployment[-1]
    if checkpoint is None:
        model = policy_of(book, name, deployment[0].policy_hash)
        judge = ModelJudge(model, model.hash(), {}, name=name, app_id=deployment[0].app_id)
        return Beginning(judge, {}, last.starts, last.logs, model, None)
    head = checkpoint.head
    if verdict_digest(checkpoint.entries) != head.digest:
        raise ReplayError(
            f"The state of the checkpoint after entry {head.number} of the journal was changed",
            action="Verify from another time (--from)",
        )
    model = policy_of(book, name, head.policy_hash)
    stored = {entry: [data] for entry, data in checkpoint.entries.items()}
    judge = ModelJudge(model, head.policy_hash, stored, name=name, app_id=head.app_id)
    sources = {
        source: SourceBeginning(model, progress, judge.panes_of(source))
        for source, progress in judge.progress_of().items()
    }
    before = PublishedBefore.of(stored)
    return Beginning(judge, sources, last.starts, last.logs, model, head.closed_before_s, before)


def beginnings(
    deployment: Sequence[JournalEntry], heads: Iterable[CheckpointHead], from_s: int | None, book: PolicyBook
) -> Iterator[tuple[CheckpointHead | None, ReplayError | None]]:
    """Yield each place where a verification may begin, with the reason why it cannot."""
    heads = list(heads)
    digests = {entry.number: entry.checkpoint for entry in deployment}
    for head in possible_heads(deployment, heads, from_s):
        try:
            digest = None if head is None else digests.get(head.number)
            check_entries(entries_after(deployment, head), head, book, digest)
        except ReplayError as error:
            yield head, error
        else:
            yield head, None


def _check_version(code_version: str, what: str) -> None:
    if code_version != __version__:
        raise ReplayError(
            f"{what} was made by version {code_version}, this is {__version__}",
            action="Verify with the version that made it",
        )
