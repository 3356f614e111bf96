"""A policy that counts again: as if it had been followed from the first retained record on, and nothing twice."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.pipeline.records.journal import decode_journal_entry
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.policy import Policy, parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode
from tests.support.lanes.judge_lane import JudgeLane

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "d" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 20, pane_s = 10 }}
attributes = [{attributes}]
{rest}
unknown_fields = "drop"
deduplication_window = {window}
revision_s = {revision_s}
windows = [{{ name = "1m", size_s = 60 }}, {{ name = "10m", size_s = 600 }}]
"""
AGE = '{ name = "age", path = "age", groups = ["old", "young"], reference = "young" }'
FEATURE = 'features = [{ name = "x", path = "x", minimum = 0, maximum = 9, is_required = false }]'
SEGMENT = 'segment = { name = "site", path = "site", values = ["1", "2"], is_required = false }'


def policy(groups: list[str], rest: str = "", *, age: bool = False, window: int = 40, revision_s: int = 3600) -> Policy:
    listed = ", ".join(f'"{group}"' for group in groups)
    attributes = f'{{ name = "sex", path = "sex", groups = [{listed}], reference = "a" }}' + (f", {AGE}" if age else "")
    return parse_policy(POLICY.format(attributes=attributes, rest=rest, window=window, revision_s=revision_s))


GROWING = [
    policy(["a", "b"]),
    policy(["a", "b", "c"], FEATURE),
    policy(["d", "c", "a", "b"], f"{FEATURE}\n{SEGMENT}", age=True),
]


def records(seed: int, n: int) -> Iterator[bytes]:
    """Yield records, late, repeated, broken and unreadable ones among them."""
    rng = random.Random(seed)
    for number in range(n):
        record = {
            "id": f"A-{max(0, number - rng.randrange(15)) if rng.random() < 0.2 else number}",
            "t": NOW_S + 4 * number - rng.choice((0, 0, 0, 15, 90)), "ok": rng.random() < 0.5,
            "sex": rng.choice("abcd"), "age": rng.choice(("old", "young", None)), "x": rng.choice((0, 1, 5, 7)),
            "site": rng.choice("123"),
        }  # fmt: skip
        yield b"{" if rng.random() < 0.05 else encode(record)


class Site:
    """One lane and its judge."""

    def __init__(self, first: Policy, *, is_recount: bool) -> None:
        self.lane = IngestLane(first.models[0], is_recount=is_recount)
        self.court = JudgeLane(first)
        self.number = 0

    def feed(self, values: list[bytes]) -> None:
        times = [NOW_S + 4 * (self.number + place) + 1 for place in range(len(values))]
        self.number += len(values)
        self.lane.feed(values, broker_s=times)
        self.flush()

    def flush(self) -> None:
        self.lane.flush()
        self.court.feed(*(msgspec.structs.replace(partial, n_partitions=1) for partial in self.lane.partials))
        self.lane.partials.clear()

    def follow(self, present: Policy) -> None:
        self.court.former, self.court.policy = (*self.court.former, self.court.policy), present
        self.court.restart()
        self.lane.model = present.models[0]
        self.lane.restart()


def newest(results: list[Result]) -> dict[tuple[str, str, int], list[tuple[str, int, int]]]:
    """Return the counts of the last result of each window and attribute."""
    return {
        (r.attribute, r.window, 0 if r.window == TOTAL_WINDOW else r.start_s):
            [(group.group, group.n, group.favorable or 0) for group in r.groups if group.n]
        for r in results
    }  # fmt: skip


def judged(policies: list[Policy], logs: list[list[bytes]], crash_after: int | None = None) -> Site:
    site = Site(policies[0], is_recount=True)
    for number, log in enumerate(logs):
        if number and number < len(policies):
            site.follow(policies[number])
            if crash_after == number:
                site.lane.registered.pop()  # it is once
                site.lane.restart()  # nothing was committed
        site.feed(log)
    site.feed([encode({"id": "last", "t": NOW_S + 100_000, "ok": True, "sex": "a"})])
    return site


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.lists(st.integers(0, 60), min_size=3, max_size=5), st.integers(1, 2))
def test_what_is_counted_again_is_as_if_the_policy_had_always_been_followed(
    seed: int, sizes: list[int], crash_after: int
) -> None:
    values = records(seed, 400)
    logs = [[next(values) for _ in range(size)] for size in sizes]
    site = judged(GROWING, logs, crash_after)
    alone = judged(GROWING[-1:], logs)
    assert newest(site.court.results).items() >= newest(alone.court.results).items()
    keys = [(r.attribute, r.window, r.end_s, r.revision) for r in site.court.results if r.window != TOTAL_WINDOW]
    assert len(keys) == len(set(keys))
    for topic in ("out", "dead-letters", "late-decisions"):
        assert len(site.lane.written[topic]) == len(alone.lane.written[topic])


def test_the_total_is_counted_again_and_a_window_that_nobody_may_revise_any_more_is_not() -> None:
    logs = [list(records(5, 300)), list(records(6, 1))]
    first, second = policy(["a", "b"], revision_s=60), policy(["a", "b", "c"], revision_s=60)
    site = judged([first, second], logs)
    counted = newest(site.court.results)
    assert counted["sex", TOTAL_WINDOW, 0] == newest(judged([second], logs).court.results)["sex", TOTAL_WINDOW, 0]
    windows = [r for r in site.court.results if r.window == "1m" and r.end_s < NOW_S + 900]
    assert {group.group for r in windows for group in r.groups if group.n} == {"a", "b", "__other__"}
    assert {r.revision for r in windows} == {0}


def test_without_the_first_records_it_counts_from_two_deduplication_windows_on() -> None:
    log = list(records(7, 300))
    site = Site(policy(["a", "b"]), is_recount=True)
    site.feed(log)
    site.lane.begin = 50
    site.follow(policy(["a", "b", "c"]))
    assert site.lane.recounted == [(50, 50 + 80, 300)]
    site.flush()
    [recount] = decode_journal_entry(site.court.clocks[-1]).recounts
    assert (recount.partition, recount.since_offset, recount.next_offset) == (0, 130, 300)
    total = {group: n for group, n, _ in newest(site.court.results)["sex", TOTAL_WINDOW, 0]}
    assert 0 < total["c"] < total["a"]
    assert site.court.judge.take_report().models["m"].n_not_recounted == 0


def test_a_change_of_counts_that_are_not_there_is_left_out() -> None:
    site = Site(policy(["a", "b"]), is_recount=True)
    site.feed(list(records(8, 100)))
    before = newest(site.court.results)["sex", TOTAL_WINDOW, 0]
    site.follow(policy(["a", "b", "c"]))
    site.lane.flush()
    *others, partial = (msgspec.structs.replace(partial, n_partitions=1) for partial in site.lane.partials)
    worse = tuple(
        msgspec.structs.replace(pane, cells={code: [9 * n for n in v] for code, v in pane.cells.items()})
        for pane in partial.corrections
    )
    site.court.feed(*others, msgspec.structs.replace(partial, corrections=worse))
    assert site.court.judge.take_report().models["m"].n_not_recounted > 0
    after = newest(site.court.results)["sex", TOTAL_WINDOW, 0]
    assert sum(n for _, n, _ in after) == sum(n for _, n, _ in before)
