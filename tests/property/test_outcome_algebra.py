"""The join is a function of the outcome-join topic: it counts like a person, whenever it is restarted.

``by_hand`` shares no code with it: dictionaries, one row after the other.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from stream_app.core.join.outcome_join import JoinCounts
from tests.support.lanes.outcome_lane import MAX_WAITING, NOW_S, WAIT_S, OutcomeLane, decisions, outcomes

N_CELLS = 4 * 2 * 2  # sex, decision, bin
KEY_CHANGE = 1000  # what a second key makes of a tag

RUN, COMMIT, CRASH = "run", "commit", "crash"


class Record(NamedTuple):
    """A record of the log: decisions with (case, key, cell, score), or outcomes with (case, label)."""

    time_s: int
    decided: list[tuple[int, int, int, int]]
    came: list[tuple[int, bool, int]]  # case, label, seconds after the first of the record

    def encode(self) -> bytes:
        if self.decided:
            rows = [(case + KEY_CHANGE * key, cell, score) for case, key, cell, score in self.decided]
            return decisions(self.time_s, *rows)
        return outcomes(*((self.time_s + late, (case + KEY_CHANGE, case), good) for case, good, late in self.came))


@dataclass
class ByHand:
    """What a person would count; a decision is [key of the case, cell, score, time, label]."""

    cells: dict[tuple[int, int, str], list[int]] = field(default_factory=dict)
    n: Counter[str] = field(default_factory=Counter)
    clock: int = 0
    waiting: list[list[int]] = field(default_factory=list)
    unmatched: list[tuple[int, int, int]] = field(default_factory=list)  # case, label, time

    def read(self, record: Record) -> None:
        if record.decided:
            self.tick(record.time_s)
            before = {row[0] for row in self.waiting}
            for case, key, cell, score in record.decided:
                self.decide(case + KEY_CHANGE * key, cell, score, before)
        for case, good, late in record.came:
            self.tick(record.time_s + late)
            self.come(case, 1 if good else 2)
        while len(self.waiting) > MAX_WAITING:
            self.expire(self.waiting.pop(0))
        while len(self.unmatched) > MAX_WAITING:
            self.unmatched.pop(0)
            self.n["expired"] += 1

    def decide(self, tag: int, cell: int, score: int, before: set[int]) -> None:
        if tag in before:
            self.n["decisions_duplicate"] += 1
            return
        before.add(tag)
        row = [tag, cell, score, self.clock, 0]
        self.waiting.append(row)
        self.n["decisions_awaited"] += 1
        self.add(row, "awaited")
        for outcome in self.unmatched:
            if outcome[0] == tag % KEY_CHANGE:
                self.unmatched.remove(outcome)
                self.match(row, outcome[1])
                break

    def come(self, case: int, label: int) -> None:
        rows = [row for row in self.waiting if row[0] % KEY_CHANGE == case]
        row = max(rows, default=None)  # that of the newest key
        same_case = [outcome for outcome in self.unmatched if outcome[0] == case]
        if row is not None and not row[4]:
            self.match(row, label)
        elif row is not None or same_case:
            known = row[4] if row is not None else same_case[0][1]
            self.n["duplicate" if known == label else "changed"] += 1
        else:
            self.unmatched.append((case, label, self.clock))
            self.n["unmatched"] += 1

    def match(self, row: list[int], label: int) -> None:
        row[4] = label
        self.n["matched"] += 1
        self.add(row, "favorable" if label == 1 else "unfavorable")

    def tick(self, time_s: int) -> None:
        self.clock = max(self.clock, time_s)
        while self.waiting and self.clock - self.waiting[0][3] > WAIT_S:
            self.expire(self.waiting.pop(0))
        while self.unmatched and self.clock - self.unmatched[0][2] > WAIT_S:
            self.unmatched.pop(0)
            self.n["expired"] += 1

    def expire(self, row: list[int]) -> None:
        if not row[4]:
            self.n["decisions_expired"] += 1
            self.add(row, "expired")

    def add(self, row: list[int], kind: str) -> None:
        vector = self.cells.setdefault((self.clock // 10 * 10, row[1], kind), [0, 0, 0, 0])
        for place, more in enumerate((1, 1, row[2], row[2] ** 2)):
            vector[place] += more


def a_log(rng: random.Random, n: int) -> list[Record]:
    """Make a log whose times move on, and now and then back; few cases, so that they meet."""
    log, time_s = [], NOW_S
    for _ in range(n):
        time_s += rng.choice((0, 1, 3, 9, 30))
        at = time_s - rng.choice((0, 0, 0, 4, 40))
        n_rows = rng.randrange(1, 8)
        if rng.random() < 0.5:
            rows = [
                (rng.randrange(30), rng.randrange(2), rng.randrange(N_CELLS), rng.randrange(1_000_001))
                for _ in range(n_rows)
            ]
            log.append(Record(at, rows, []))
        else:
            late = sorted(rng.choice((0, 0, 1, 5)) for _ in range(n_rows))
            log.append(Record(at, [], [(rng.randrange(30), rng.random() < 0.7, late_s) for late_s in late]))
    return log


logs = st.builds(lambda seed, n: a_log(random.Random(seed), n), st.integers(0, 2**32), st.integers(1, 40))
cuts = st.lists(st.tuples(st.integers(1, 6), st.sampled_from((RUN, COMMIT, CRASH))), max_size=30)


def read(log: list[Record], steps: list[tuple[int, str]], *, may_crash: bool = True) -> OutcomeLane:
    """Read a log in batches of the drawn lengths, with a commit or a restart after each as drawn."""
    lane = OutcomeLane()
    for length, then in [*steps, (len(log), RUN)]:
        lane.feed(*(record.encode() for record in log[lane.next_offset : lane.next_offset + length]))
        if then != RUN:
            lane.flush()
        if then == CRASH and may_crash:
            lane.restart()
    lane.flush()
    return lane


def compare(lane: OutcomeLane, log: list[Record]) -> Counter[str]:
    hand = ByHand()
    for record in log:
        hand.read(record)
    kinds = ("favorable", "unfavorable", "awaited", "expired")
    counted = {
        (start_s, code // 4, kinds[code % 4]): vector
        for start_s, cells in lane.counted.items()
        for code, vector in cells.items()
    }
    assert counted == hand.cells
    assert {name: n for name, n in msgspec.structs.asdict(lane.counts).items() if n} == dict(hand.n)
    assert (lane.step.n_waiting, lane.step.n_unmatched) == (len(hand.waiting), len(hand.unmatched))
    return hand.n


@given(logs, cuts)
def test_the_counts_equal_a_count_by_hand_however_the_log_is_cut(
    log: list[Record], steps: list[tuple[int, str]]
) -> None:
    event(f"restarts: {min(3, sum(then == CRASH for _, then in steps))}")
    compare(read(log, steps), log)


@given(logs, cuts)
def test_a_lane_restored_at_any_commit_continues_as_if_nothing_had_happened(
    log: list[Record], steps: list[tuple[int, str]]
) -> None:
    restored, steady = read(log, steps), read(log, steps, may_crash=False)
    assert restored.state == steady.state
    assert (restored.counted, restored.counts) == (steady.counted, steady.counts)
    published = [
        [(partial.next_offset, partial.closed_before_s, partial.panes) for partial in lane.partials if partial.panes]
        for lane in (restored, steady)
    ]
    assert published[0] == published[1]


@given(logs)
def test_every_outcome_is_accounted_for_and_so_is_every_decision(log: list[Record]) -> None:
    lane = read(log, [])
    counts: JoinCounts = lane.counts
    n_outcomes = sum(len(record.came) for record in log)
    n_decisions = sum(len(record.decided) for record in log)
    at_an_end = counts.matched + counts.duplicate + counts.changed + counts.expired
    assert at_an_end + lane.step.n_unmatched == n_outcomes
    assert counts.decisions_awaited + counts.decisions_duplicate == n_decisions
    by_outcome = lane.by_outcome()
    assert by_outcome.get("favorable", 0) + by_outcome.get("unfavorable", 0) == counts.matched
    n_without = counts.decisions_awaited - counts.matched - counts.decisions_expired
    assert 0 <= n_without <= lane.step.n_waiting


@pytest.mark.parametrize("seed", range(4))
def test_the_counts_of_a_long_log_equal_a_count_by_hand_through_many_restarts(seed: int) -> None:
    rng = random.Random(seed)
    log = a_log(rng, 1500)
    steps = [(rng.randrange(1, 30), rng.choice((RUN, COMMIT, CRASH))) for _ in range(100)]
    n = compare(read(log, steps), log)
    assert all(n[kind] > 20 for kind in JoinCounts.__struct_fields__), "the log has all of it"
