"""What one model's judge said, said once more: the journal tells how time moved, the source topics what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stream_app import __version__
from stream_app.core.windows.closing import Mark, Source
from stream_app.errors import ReplayError
from stream_app.pipeline.judge.alerts import encode_alert
from stream_app.pipeline.judge.journal import ClockEntry, encode_clock_entry
from stream_app.pipeline.judge.model_judge import ModelJudge, ModelReport
from stream_app.pipeline.judge.outcome_results import encode_outcome_result
from stream_app.pipeline.judge.results import Offsets, encode_result
from stream_app.pipeline.replay.cursor import Cursor
from stream_app.policy import ModelPolicy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_CLOCK, FAIRNESS_RESULTS

Cursors = Mapping[Source, Cursor]


class Told(NamedTuple):
    """A record as the judge writes it.

    Attributes:
        topic: Where it is written.
        key: Its key.
        value: Its bytes.
        entry: Number of the flush, as the journal counts.
    """

    topic: str
    key: str
    value: bytes
    entry: int


class Retelling:
    """One life of a model's judge, from its first journal entry.

    Args:
        model: The policy of the model.
        policy_hash: Hash of the whole policy.
        cursors: Every source partition, at the first offset that was ever counted.
        name: Whose judge it is: the model's (None), or ``outcomes_name`` for that of its outcomes.
    """

    def __init__(self, model: ModelPolicy, policy_hash: str, cursors: Cursors, *, name: str | None = None) -> None:
        self._judge = ModelJudge(model, policy_hash, {}, name=name)
        self._policy_hash = policy_hash
        self._cursors = cursors

    def retell(self, entry: ClockEntry) -> Iterator[Told]:
        """Yield the records of one flush.

        Raises:
            ReplayError: the entry was made under another policy or version, or the log ends too early.
        """
        self._check(entry)
        for advance in entry.advances:
            self._count_below(advance.offsets, entry.starts)
            self._judge.advance_to(advance.closed_before_s)
        self._count_below(entry.offsets, entry.starts)
        report, _ = self._judge.flush()
        yield from told_by(report, entry.number)

    def _count_below(self, offsets: Offsets, starts: Offsets) -> None:
        for topic, vector in offsets.items():
            for partition, offset in vector.items():
                source = Source(topic, partition)
                if source not in self._cursors:
                    raise ReplayError(f"Partition {partition} of {topic} was counted, but the topic does not have it")
                mark = Mark(offset, None, None, is_idle=False, first_offset=starts[topic][partition])
                panes = self._cursors[source].count_below(offset)
                self._judge.take(source, len(self._cursors), mark, panes)

    def _check(self, entry: ClockEntry) -> None:
        if entry.policy_hash != self._policy_hash:
            raise ReplayError(
                f"Entry {entry.number} of the journal was made under policy {entry.policy_hash}, "
                f"and this is {self._policy_hash}",
                action="Give the policy of that time with --policy",
            )
        if entry.code_version != __version__:
            raise ReplayError(
                f"Entry {entry.number} of the journal was made by version {entry.code_version}, this is {__version__}",
                action="Verify with the version that made it",
            )


def told_by(report: ModelReport, entry: int) -> Iterator[Told]:
    """Yield the records of a report as the judge writes them, journal included."""
    for result in report.results:
        yield Told(FAIRNESS_RESULTS, result.key, encode_result(result), entry)
    for outcome_result in report.outcome_results:
        yield Told(FAIRNESS_RESULTS, outcome_result.key, encode_outcome_result(outcome_result), entry)
    for alert in report.alerts:
        yield Told(FAIRNESS_ALERTS, alert.id, encode_alert(alert), entry)
    if report.clock is not None:
        yield Told(FAIRNESS_CLOCK, report.clock.model, encode_clock_entry(report.clock), entry)


def lives_of(entries: Sequence[ClockEntry], where: str) -> list[list[ClockEntry]]:
    """Cut a model's journal in the lives of its judges: a new ``app_id`` starts at number 0 again.

    Args:
        entries: All entries of the model, in the order of the log.
        where: Topic and partition, for messages.

    Raises:
        ReplayError: there is none, the first is gone, or one is missing.
    """
    if not entries:
        raise ReplayError(f"{where} holds no journal of this model", action="Has a worker judged it?")
    lives: list[list[ClockEntry]] = []
    for entry in entries:
        if entry.number == 0:
            lives.append([])
        expected = len(lives[-1]) if lives else 0
        if entry.number != expected:
            raise ReplayError(
                f"{where} lacks the entries {expected} to {entry.number - 1} of model {entry.model!r}",
                action="The journal is gone there: ask for an earlier copy, or use `replay run` over a range",
            )
        lives[-1].append(entry)
    return lives
