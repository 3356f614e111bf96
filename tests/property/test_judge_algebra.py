"""The algebra of the judge: order, duplicates, restarts and sums."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.windows.partials import Partial
from stream_app.pipeline.contract import Flush
from tests.support.fake_sources import (
    FORGETFUL_POLICY,
    POLICY,
    World,
    batch_of,
    new_judge,
    newest,
    orders,
    results_of,
    windows_by_hand,
    windows_judged,
    worlds,
)

LATE_S = 10_000.0  # by then the clock has closed every window of these worlds


def judge_all(partials: list[Partial]) -> Flush:
    """Read everything, then let time pass twice, so that silence is noticed and windows close by the clock."""
    judge = new_judge()
    list(judge.step(batch_of(partials)))
    flush = judge.flush(0.0, is_caught_up=True)
    last = judge.flush(LATE_S, is_caught_up=True)
    return Flush(flush.outputs + last.outputs, flush.changes + last.changes)


@given(st.data())
def test_every_window_and_the_totals_equal_a_count_by_hand(data: st.DataObject) -> None:
    world = data.draw(worlds())
    results = results_of(judge_all(data.draw(orders(world))).outputs)
    assert windows_judged(results) == windows_by_hand(world.counted)


@given(st.data())
def test_each_decision_is_in_exactly_one_window_of_each_size(data: st.DataObject) -> None:
    world = data.draw(worlds())
    results = newest(results_of(judge_all(data.draw(orders(world))).outputs)).values()
    n_by_window: Counter[str] = Counter()
    for result in results:
        n_by_window[result.window] += result.n
    assert n_by_window == Counter({name: len(world.counted) for name in ("20s", "1m", "total")} if results else {})


@given(st.data())
def test_the_order_in_which_partitions_are_heard_does_not_matter(data: st.DataObject) -> None:
    world = data.draw(worlds())
    one, other = data.draw(orders(world)), data.draw(orders(world))
    assert windows_judged(results_of(judge_all(one).outputs)) == windows_judged(results_of(judge_all(other).outputs))


@given(st.data())
def test_a_flush_read_again_changes_nothing(data: st.DataObject) -> None:
    world = data.draw(worlds())
    partials = data.draw(orders(world))
    flushes: list[list[Partial]] = []
    for partial in partials:
        if partial.part == 0:
            flushes.append([])
        flushes[-1].append(partial)
    repeated = [p for flush in flushes for _ in range(data.draw(st.integers(1, 3))) for p in flush]
    assert judge_all(repeated) == judge_all(partials)


@given(st.data())
def test_a_judge_restored_at_any_commit_goes_on_bit_for_bit(data: st.DataObject) -> None:
    world = data.draw(worlds())
    partials = [p for p in data.draw(orders(world)) if not p.is_idle]  # silence starts again after a restart
    cuts = sorted(data.draw(st.sets(st.integers(0, len(partials)), max_size=6)) | {len(partials)})
    policy = data.draw(st.sampled_from((POLICY, FORGETFUL_POLICY)))
    steady, restarted = new_judge(policy), new_judge(policy)
    states: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
    first, now_s = 0, 0.0
    for cut in [*cuts, len(partials), len(partials)]:
        batch = batch_of(partials[first:cut], first)
        now_s += data.draw(st.floats(0, 90))
        is_caught_up = data.draw(st.booleans()) or cut == len(partials)
        flushes = []
        for judge, state in zip((steady, restarted), states, strict=True):
            list(judge.step(batch))
            flush = judge.flush(now_s, is_caught_up=is_caught_up)
            flushes.append(flush)
            for key, value in flush.changes:
                if value is None:
                    state.pop(key, None)
                else:
                    state[key] = value
        assert flushes[0].outputs == flushes[1].outputs
        assert states[0] == states[1]
        first = cut
        if data.draw(st.booleans()):
            before = restarted.newest_results()
            restarted = new_judge(policy)
            restarted.restore(states[1], first)
            assert restarted.newest_results() == before


@given(st.data())
def test_results_do_not_depend_on_when_they_are_flushed(data: st.DataObject) -> None:
    world = data.draw(worlds())
    partials = [p for p in data.draw(orders(world)) if not p.is_idle]  # without silence nothing hangs on the clock
    whole, pieces = new_judge(), new_judge()
    list(whole.step(batch_of(partials)))
    at_once = results_of(whole.flush(0.0, is_caught_up=True).outputs)
    one_by_one = []
    for offset, partial in enumerate(partials):
        list(pieces.step(batch_of([partial], offset)))
        one_by_one += results_of(pieces.flush(float(offset), is_caught_up=True).outputs)
    assert [r for r in at_once if r.window != "total"] == [r for r in one_by_one if r.window != "total"]
    assert windows_judged(at_once) == windows_judged(one_by_one)


def test_the_worlds_of_these_tests_contain_revisions_parts_and_late_events() -> None:
    seen = Counter[str]()

    @settings(derandomize=True, max_examples=200, database=None)
    @given(st.data())
    def look(data: st.DataObject) -> None:
        world: World = data.draw(worlds())
        partials = data.draw(orders(world))
        results = results_of(judge_all(partials).outputs)
        seen["revisions"] += any(result.revision for result in results)
        seen["parts"] += any(partial.n_parts > 1 for partial in partials)
        seen["late"] += sum(flushes[-1][0].next_offset for flushes in world.flushes) > len(world.counted)
        seen["breaches"] += any(group.rules for result in results for group in result.groups)

    look()
    assert all(seen[what] >= 5 for what in ("revisions", "parts", "late", "breaches")), seen
