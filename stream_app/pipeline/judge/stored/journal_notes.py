"""What the next entry of the journal has to say about the source partitions, besides their offsets."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.pipeline.records.journal import SourcePolicy, SourceRecount


class JournalNotes:
    """Source partitions that are counted under another policy, or were counted again, since the last entry.

    Args:
        policies: The former, as they are stored.
    """

    def __init__(self, policies: Iterable[SourcePolicy]) -> None:
        self._policies = list(policies)
        self._recounts: list[SourceRecount] = []

    @property
    def policies(self) -> tuple[SourcePolicy, ...]:
        """Source partitions that are counted under another policy."""
        return tuple(self._policies)

    @property
    def has_recounts(self) -> bool:
        """Whether anything was counted again; this is written in the flush that takes it in."""
        return bool(self._recounts)

    def note(
        self, source: SourcePartition, before: SourceProgress | None, now: SourceProgress, recounted_since: int | None
    ) -> bool:
        """Note under which policy a partition is counted; return whether verification has to begin again.

        Args:
            source: The partition.
            before: What it reported before.
            now: What it reports.
            recounted_since: First offset of the records that were counted again; None where none were.
        """
        under = now.counted_under
        if before is None or (before.counted_under, before.log_number) != (under, now.log_number):
            self._policies.append(SourcePolicy(*source, under.policy_hash, under.since_offset, now.log_number))
        if recounted_since is not None:
            self._recounts.append(SourceRecount(*source, recounted_since, now.next_offset))
        is_other_log = before is not None and before.log_number != now.log_number
        return is_other_log or recounted_since is not None

    def take(self) -> tuple[tuple[SourcePolicy, ...], tuple[SourceRecount, ...]]:
        """Return everything for an entry, and begin with nothing."""
        taken = self.policies, tuple(self._recounts)
        self._policies, self._recounts = [], []
        return taken
