"""The join of outcomes to decisions, in the order of one log, with bounded memory.

The clock of the join is the highest broker time that was read; it never goes back. An outcome is counted at the time at
which both are known, usually when the outcome came, so no pane is opened again.

Rules, in this order:

1. Decisions and outcomes that came more than ``max_wait_s`` ago leave before anything newer is looked at: a decision
   without an outcome is counted as expired, and so is an outcome without a decision.
2. A decision whose tag is known is a duplicate; it changes nothing.
3. The first outcome of a decision counts (``matched``). The same label again is ``duplicate``, another label is
   ``changed``; neither is counted again.
4. An outcome whose decision is not known is unmatched and waits; the same and other labels after it are ``duplicate``
   and ``changed``. When the decision comes, they match at once.
5. When more than ``max_waiting`` decisions wait, the oldest leave, after each record of the log; so do unmatched
   outcomes.

Source: Akidau, Chernyak and Lax, Streaming Systems, O'Reilly 2018, chapter 9 (streaming joins with a timeout).
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from stream_app.core.join.join_records import Cells32, JoinDecisions, JoinOutcomes, Scores
from stream_app.core.join.waiting_decisions import WaitingDecisions

FAVORABLE_LABEL, UNFAVORABLE_LABEL = 1, 2


class UnmatchedOutcome(msgspec.Struct, array_like=True, frozen=True):
    """An outcome whose decision is not known yet.

    Attributes:
        tags: Its tag in each key epoch.
        label: Code of its label.
        time_s: When it came, by the clock of the join.
    """

    tags: tuple[int, ...]
    label: int
    time_s: int


class JoinCounts(msgspec.Struct, array_like=True, kw_only=True):
    """Dispositions of outcomes and decisions; no identifiers, no groups.

    Attributes:
        matched: Outcomes that were counted with their decision.
        duplicate: Outcomes whose decision already had the same label.
        changed: Outcomes whose decision already had another label.
        unmatched: Outcomes that came before their decision, or without one; they wait.
        expired: Outcomes that waited and left without a decision.
        decisions_awaited: Decisions that began to wait.
        decisions_duplicate: Decisions that were known already.
        decisions_expired: Decisions that left without an outcome.
    """

    matched: int = 0
    duplicate: int = 0
    changed: int = 0
    unmatched: int = 0
    expired: int = 0
    decisions_awaited: int = 0
    decisions_duplicate: int = 0
    decisions_expired: int = 0

    def since(self, earlier: JoinCounts) -> JoinCounts:
        """Return the difference from an earlier state of the same counts.

        >>> JoinCounts(matched=5, changed=1).since(JoinCounts(matched=3)).matched
        2
        """
        names = self.__struct_fields__
        return JoinCounts(**{name: getattr(self, name) - getattr(earlier, name) for name in names})


class JoinEvent(NamedTuple):
    """A change of some decisions at one time: they begin to wait, get their label, or leave.

    Attributes:
        time_s: Clock of the join.
        label: Code of the label that they got; 0 for none.
        is_leaving: Whether they left without an outcome; if not, and without a label, they began to wait.
        cells: Cell of each, shape (n,).
        scores: Score of each in fixed point, shape (n,).
    """

    time_s: int
    label: int
    is_leaving: bool
    cells: Cells32
    scores: Scores


class OutcomeJoin:
    """The join of one partition.

    Args:
        max_wait_s: How long a decision waits, > 0.
        max_waiting: Maximum number of decisions, and of outcomes, that wait, >= 1.

    Attributes:
        waiting: The decisions.
        unmatched: Outcomes without a decision, by number, the oldest first.
        clock_s: Highest broker time read; None before the first record.
        counts: Counts since the first record of the log.
        labeled: Serials whose label changed; emptied by the code that stores them.
        changed_unmatched: Numbers of unmatched outcomes that came or left; emptied likewise.
        next_unmatched: Number of the next unmatched outcome.

    Cost: about a microsecond per decision and 10 per outcome, state writes included
    (``benchmarks/outcome_join.py``). Memory: see ``stream_app.core.join.waiting_decisions``, and about 300 bytes for an
    outcome that waits.
    """

    def __init__(self, max_wait_s: int, max_waiting: int) -> None:
        self.waiting = WaitingDecisions()
        self.unmatched: dict[int, UnmatchedOutcome] = {}
        self.clock_s: int | None = None
        self.counts = JoinCounts()
        self.labeled: set[int] = set()
        self.changed_unmatched: set[int] = set()
        self.next_unmatched = 0
        self._max_wait_s = max_wait_s
        self._max_waiting = max_waiting
        self._unmatched_by_tag: dict[int, int] = {}
        self._events: list[JoinEvent] = []
        self._matched: dict[tuple[int, int], list[int]] = {}  # time and label -> serials

    def take_decisions(self, rows: JoinDecisions) -> list[JoinEvent]:
        """Let decisions wait; those whose outcome came before them match at once."""
        self._advance(rows.time_s)
        tags, cells = np.frombuffer(rows.tags, np.uint64), np.frombuffer(rows.cells, np.uint32)
        scores = np.frombuffer(rows.scores, np.int32) if rows.scores else np.zeros(len(tags), np.int32)
        is_new = self.waiting.find(tags) < 0
        _, firsts = np.unique(tags, return_index=True)
        is_first = np.zeros(len(tags), np.bool_)
        is_first[firsts] = True
        is_new &= is_first
        self.counts.decisions_duplicate += int((~is_new).sum())
        tags, cells, scores = tags[is_new], cells[is_new], scores[is_new]
        if len(tags):
            first_serial = self.waiting.next
            self.waiting.add(tags, cells, self.clock_s or 0, scores)
            self._note(0, cells, scores, is_leaving=False)
            self.counts.decisions_awaited += len(tags)
            self._match_unmatched(tags.tolist(), first_serial)
        self._drop_oldest(len(self.waiting) - self._max_waiting)
        return self._take_events()

    def take_outcomes(self, rows: JoinOutcomes) -> list[JoinEvent]:
        """Match outcomes with the decisions that wait for them."""
        columns = [np.frombuffer(column, np.uint64) for column in rows.tags]
        times_s = np.frombuffer(rows.times_s, np.uint32).tolist()
        labels = np.where(np.frombuffer(rows.is_favorable, np.uint8), FAVORABLE_LABEL, UNFAVORABLE_LABEL).tolist()
        serials = np.column_stack([self.waiting.find(column) for column in columns]).tolist()
        tags = np.column_stack(columns).tolist()
        for number, time_s in enumerate(times_s):
            self._advance(time_s)
            first = self.waiting.first
            known_serial = next((serial for serial in serials[number] if serial >= first), None)
            if known_serial is not None:
                self._label(known_serial, labels[number])
            else:
                self._keep_unmatched(tags[number], labels[number])
        self._drop_unmatched(len(self.unmatched) - self._max_waiting)
        return self._take_events()

    def restore_unmatched(self, number: int, outcome: UnmatchedOutcome) -> None:
        """Take over a stored outcome; the oldest first."""
        self.unmatched[number] = outcome
        self._unmatched_by_tag.update(dict.fromkeys(outcome.tags, number))

    def _advance(self, time_s: int) -> None:
        if self.clock_s is not None and time_s <= self.clock_s:
            return
        self.clock_s = time_s
        oldest_s = max(0, time_s - self._max_wait_s)
        self._drop_oldest(self.waiting.n_older_than(oldest_s))
        n_old = 0
        for outcome in self.unmatched.values():
            if outcome.time_s >= oldest_s:
                break
            n_old += 1
        self._drop_unmatched(n_old)

    def _label(self, serial: int, label: int) -> None:
        known_label = self.waiting.label_of(serial)
        if known_label:
            self._count_again(known_label, label)
            return
        self.waiting.set_label(serial, label)
        self.labeled.add(serial)
        self.counts.matched += 1
        self._matched.setdefault((self.clock_s or 0, label), []).append(serial)

    def _count_again(self, known_label: int, label: int) -> None:
        if known_label == label:
            self.counts.duplicate += 1
        else:
            self.counts.changed += 1

    def _keep_unmatched(self, tags: list[int], label: int) -> None:
        number = next((self._unmatched_by_tag[tag] for tag in tags if tag in self._unmatched_by_tag), None)
        if number is not None:
            self._count_again(self.unmatched[number].label, label)
            return
        self.counts.unmatched += 1
        self.restore_unmatched(self.next_unmatched, UnmatchedOutcome(tuple(tags), label, self.clock_s or 0))
        self.changed_unmatched.add(self.next_unmatched)
        self.next_unmatched += 1

    def _match_unmatched(self, tags: list[int], first_serial: int) -> None:
        if not self.unmatched:
            return
        for serial, tag in enumerate(tags, first_serial):
            number = self._unmatched_by_tag.get(tag)
            if number is not None:
                self._label(serial, self._remove_unmatched(number).label)

    def _remove_unmatched(self, number: int) -> UnmatchedOutcome:
        outcome = self.unmatched.pop(number)
        for tag in outcome.tags:
            del self._unmatched_by_tag[tag]
        self.changed_unmatched.add(number)
        return outcome

    def _drop_unmatched(self, n: int) -> None:
        for number in list(self.unmatched)[: max(0, n)]:
            self._remove_unmatched(number)
            self.counts.expired += 1

    def _drop_oldest(self, n: int) -> None:
        if n <= 0:
            return
        self._settle_matches()
        removed = self.waiting.drop_before(self.waiting.first + n)
        unlabeled = removed.part(removed.labels == 0)
        self.counts.decisions_expired += len(unlabeled.cells)
        self._note(0, unlabeled.cells, unlabeled.scores, is_leaving=True)

    def _settle_matches(self) -> None:
        """Note the matches while their decisions are still there."""
        for (time_s, label), serials in self._matched.items():
            matched = self.waiting.at(np.array(serials, np.int64))
            self._events.append(JoinEvent(time_s, label, False, matched.cells, matched.scores))
        self._matched.clear()

    def _note(self, label: int, cells: Cells32, scores: Scores, *, is_leaving: bool) -> None:
        if len(cells):
            self._events.append(JoinEvent(self.clock_s or 0, label, is_leaving, cells, scores))

    def _take_events(self) -> list[JoinEvent]:
        self._settle_matches()
        events, self._events = self._events, []
        return events
