"""What the judge says and keeps, case by case."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import numpy as np
import pytest

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import PanePartial, Partial
from stream_app.errors import StateError, UnknownPolicyError
from stream_app.pipeline.contract import Batch, UnreadableRange
from stream_app.pipeline.judge import state
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.judge.stored import stored_tally
from stream_app.pipeline.records.aggregates import Aggregate
from stream_app.pipeline.records.journal import decode_journal_entry
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.rejected import RecordFault
from stream_app.pipeline.topology import Topology
from stream_app.policy import Policy, load_policy, parse_policy
from tests.support.lanes.judge_lane import JudgeLane

LOANS = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", out_of_orderness_s = 5, pane_s = 10 }
attributes = [{ name = "group", path = "group", groups = ["B", "W"], reference = "W" }]
windows = [{ name = "1m", size_s = 60 }, { name = "1000s", size_s = 1000 }]
revision_s = 120
"""
POLICY = parse_policy(LOANS)


@dataclass
class Bench(JudgeLane):
    """A judge and the partials that it is fed; it keeps the report of the last flush."""

    policy: Policy = POLICY
    n_partitions: int = 1
    report: JudgeReport = field(default_factory=JudgeReport)

    def cells(self, **counts: tuple[int, int]) -> Cells:
        """Return cells of the first attribute: n and favorable by label."""
        labels = self.layout.dimensions[0][1]
        cells = {}
        for label, (n, favorable) in counts.items():
            for decision, count in enumerate((favorable, n - favorable)):
                if count:
                    cells[self.layout.code_of((labels.index(label), decision))] = [count]
        return cells

    def partial(
        self,
        *panes: tuple[int, Cells],
        closed_before_s: int | None = None,
        partition: int = 0,
        next_offset: int = 1,
        is_idle: bool = False,
        max_event_s: int | None = None,
    ) -> Partial:
        return Partial(
            app_id="fairstream",
            model=self.model.name,
            layout_hash=self.model.layout_hash(),
            topic=self.model.topic,
            partition=partition,
            n_partitions=self.n_partitions,
            next_offset=next_offset,
            closed_before_s=closed_before_s,
            max_event_s=closed_before_s if max_event_s is None else max_event_s,
            is_idle=is_idle,
            panes=tuple(PanePartial(start_s, cells) for start_s, cells in panes),
        )

    def say(self, *partials: Partial | None, now_s: float = 0.0, is_caught_up: bool = True) -> list[Result]:
        n_told = len(self.results)
        self.feed(*partials, now_s=now_s, is_caught_up=is_caught_up)
        self.report = self.judge.take_report()
        return self.results[n_told:]


def test_the_deterministic_drift_stream_gives_its_six_windows() -> None:
    bench = Bench(n_partitions=4)
    panes: list[dict[int, Cells]] = [{} for _ in range(4)]
    seen = {"B": 0, "W": 0}
    for second in range(6000):
        group = "W" if second % 10 else "B"
        seen[group] += 1
        rejected = (0, 2, 5) if group == "B" and second >= 3000 else (0,)
        code = bench.layout.code_of((0 if group == "B" else 1, int(seen[group] % 8 in rejected)))
        cells = panes[second % 4].setdefault(second // 10 * 10, {})
        cells.setdefault(code, [0])[0] += 1
    results = bench.say(
        *(
            bench.partial(*own.items(), closed_before_s=6000, partition=number, next_offset=1500)
            for number, own in enumerate(panes)
        )
    )
    windows = [result for result in results if result.window == "1000s"]
    counted = [{group.group: (group.favorable, group.n) for group in window.groups} for window in windows]
    assert [window["B"] for window in counted] == [(k, 100) for k in (88, 87, 88, 62, 63, 62)]
    assert [window["W"] for window in counted] == [(k, 900) for k in (788, 787, 788, 787, 788, 787)]
    ratios = [window.groups[0].disparate_impact_ratio for window in windows]
    assert ratios == pytest.approx([1.005076, 0.994917, 1.005076, 0.709022, 0.719543, 0.709022], abs=5e-7)
    assert [bool(window.groups[0].rules) for window in windows] == [False] * 3 + [True] * 3
    (total,) = [result for result in results if result.window == "total"]
    assert [(group.favorable, group.n) for group in total.groups] == [(450, 600), (4725, 5400)]
    assert total.offsets == {"raw": {0: 1500, 1: 1500, 2: 1500, 3: 1500}}


def test_a_result_is_the_same_bytes_when_it_is_computed_again() -> None:
    one, other = Bench(), Bench()
    partial = one.partial((0, one.cells(B=(30, 20), W=(30, 30))), closed_before_s=60)
    one.say(partial)
    other.say(partial, now_s=99.0)
    assert one.outputs == other.outputs
    assert one.outputs[0].keys[0] == b"m|group|1m|60"


def test_a_window_says_what_is_wrong_with_whom() -> None:
    bench = Bench()
    cells = bench.cells(B=(30, 20), W=(40, 38), unknown=(5, 5))
    (window, total) = bench.say(bench.partial((0, cells), closed_before_s=60, next_offset=75))
    assert [group.group for group in window.groups] == ["B", "W", "unknown"]
    black, white, unknown = window.groups
    assert (black.state, black.rules, black.shortfall) == ("ok", ("disparate_impact_ratio", "gap"), 3)
    assert (white.state, white.reason, white.disparate_impact_ratio) == (None, "reference", None)
    assert (unknown.state, unknown.reason) == (None, "not_declared")
    assert (window.n, window.state, window.revision, window.start_s, window.size_s) == (75, "ok", 0, 0, 60)
    assert (window.policy_hash, window.offsets) == (POLICY.models[0].hash(), {"raw": {0: 75}})
    assert (total.window, total.start_s, total.end_s, total.key) == ("total", 0, 10, "m|group|total|")


def test_a_partition_that_never_reported_delays_windows() -> None:
    bench = Bench(n_partitions=2)
    cells = bench.cells(W=(1, 1))
    assert bench.say(bench.partial((0, cells), closed_before_s=120)) == []
    assert bench.say(bench.partial(partition=1, next_offset=0)) == []  # known, active, but no event yet
    results = bench.say(bench.partial(partition=1, next_offset=0, is_idle=True))
    assert [result.window for result in results] == ["1m", "total"]
    assert results[0].offsets == {"raw": {0: 1, 1: 0}}


def test_a_new_partition_of_the_topic_delays_windows_too() -> None:
    bench = Bench()
    bench.say(bench.partial(closed_before_s=60))
    bench.n_partitions = 2
    assert bench.say(bench.partial((60, bench.cells(W=(1, 1))), closed_before_s=120)) == []


def test_when_all_are_silent_the_clock_closes_the_last_window() -> None:
    bench = Bench()
    idle = bench.partial((0, bench.cells(W=(1, 1))), closed_before_s=0, max_event_s=9, is_idle=True)
    assert bench.say(idle, now_s=1000.0) == []  # time: 9 - 5
    assert bench.say(now_s=1055.9) == []
    assert bench.say(now_s=1056.0, is_caught_up=False) == []  # what is unread may show that nobody is silent
    assert [(r.window, r.end_s) for r in bench.say(now_s=1056.0)] == [("1m", 60), ("total", 10)]


def test_silence_is_measured_again_after_a_partition_reported() -> None:
    bench = Bench()
    cells = bench.cells(W=(1, 1))
    bench.say(bench.partial((0, cells), closed_before_s=0, max_event_s=9, is_idle=True), now_s=100.0)
    bench.say(bench.partial((0, cells), closed_before_s=0, max_event_s=9, next_offset=2), now_s=101.0)
    assert bench.say(bench.partial(closed_before_s=0, max_event_s=9, next_offset=2, is_idle=True), now_s=140.0) == []
    assert bench.say(now_s=195.9) == []
    assert [r.window for r in bench.say(now_s=196.0)] == ["1m", "total"]


def test_a_silent_system_stops_writing_state_when_nothing_is_open() -> None:
    bench = Bench()
    bench.say(bench.partial((0, bench.cells(W=(1, 1))), closed_before_s=0, is_idle=True), now_s=0.0)
    bench.say(now_s=9000.0)  # windows have closed, and the last period is tested
    before = dict(bench.state)
    bench.say(now_s=19_000.0)
    assert bench.judge.flush(20_000.0, is_caught_up=True).changes == []
    assert bench.state == before


def test_a_partition_that_wakes_up_revises_a_closed_window() -> None:
    bench = Bench(n_partitions=2)
    first = bench.cells(W=(30, 30))
    silent = bench.partial(partition=1, next_offset=0, is_idle=True)
    bench.say(silent, bench.partial((0, first), closed_before_s=60))
    woken = bench.partial((0, bench.cells(B=(40, 10))), partition=1, closed_before_s=0, next_offset=40)
    revised, total = bench.say(woken)
    assert (revised.window, revised.revision, revised.n, revised.end_s) == ("1m", 1, 70, 60)
    assert revised.offsets == {"raw": {0: 1, 1: 40}}
    assert total.n == 70
    assert bench.report.models["m"].n_revised == {"1m": 1}
    again = bench.partial((0, bench.cells(B=(40, 10))), partition=1, closed_before_s=0, next_offset=40)
    assert bench.say(again) == []


def test_a_window_that_closed_empty_can_be_revised() -> None:
    bench = Bench(n_partitions=2)
    silent = bench.partial(partition=1, next_offset=0, is_idle=True)
    bench.say(silent, bench.partial((60, bench.cells(W=(1, 1))), closed_before_s=0))
    bench.say(bench.partial(closed_before_s=120, next_offset=2))
    revised, _ = bench.say(bench.partial((30, bench.cells(B=(4, 4))), partition=1, closed_before_s=30, next_offset=4))
    assert (revised.end_s, revised.revision, revised.n) == (60, 1, 4)


def test_a_correction_is_published_even_when_its_window_is_forgotten_in_the_same_flush() -> None:
    bench = Bench(n_partitions=2)
    bench.say(bench.partial(partition=1, next_offset=0, is_idle=True))
    bench.say(bench.partial((0, bench.cells(W=(30, 30))), closed_before_s=60))
    woken = bench.partial((0, bench.cells(B=(9, 9))), partition=1, closed_before_s=0, next_offset=9)
    jump = bench.partial(partition=1, closed_before_s=5000, next_offset=10)
    newer = bench.partial((600, bench.cells(W=(1, 1))), closed_before_s=5000, next_offset=2)
    results = bench.say(woken, jump, newer)
    listed = [(r.window, r.end_s, r.revision, r.n) for r in results]
    assert listed[:-1] == [("1m", 660, 0, 1), ("1000s", 1000, 0, 40), ("1m", 60, 1, 39)]


def test_a_correction_after_the_revision_time_is_rejected_and_counted() -> None:
    bench = Bench(n_partitions=2)
    silent = bench.partial(partition=1, next_offset=0, is_idle=True)
    bench.say(silent, bench.partial((0, bench.cells(W=(30, 30))), closed_before_s=1000))
    bench.say(now_s=6.0)  # the tests do not wait any longer
    too_late = bench.partial((0, bench.cells(B=(40, 10))), partition=1, closed_before_s=0, next_offset=40)
    assert bench.say(too_late) == []
    assert bench.report.models["m"].n_late == 1


def test_old_news_of_a_former_owner_is_ignored_and_counted() -> None:
    bench = Bench()
    bench.say(bench.partial((0, bench.cells(W=(3, 3))), closed_before_s=0, next_offset=3))
    bench.say(bench.partial((0, bench.cells(W=(2, 2))), closed_before_s=0, next_offset=2))
    assert bench.report.models["m"].n_stale == 1
    window, _ = bench.say(bench.partial(closed_before_s=60, next_offset=9))
    assert window.n == 3


def test_lower_offsets_count_in_a_new_log_and_news_of_the_log_before_it_is_ignored() -> None:
    bench = Bench()
    bench.say(bench.partial((0, bench.cells(W=(3, 3))), closed_before_s=0, next_offset=300))
    newer = bench.partial((0, bench.cells(W=(5, 5))), closed_before_s=0, next_offset=2)
    bench.say(msgspec.structs.replace(newer, log_number=1))
    bench.restart()
    bench.say(bench.partial((0, bench.cells(W=(4, 4))), closed_before_s=0, next_offset=301))
    assert bench.report.models["m"].n_stale == 1
    closing = bench.partial(closed_before_s=60, next_offset=9)
    window, _ = bench.say(msgspec.structs.replace(closing, log_number=1))
    assert (window.n, window.offsets) == (5, {"raw": {0: 9}})
    assert decode_journal_entry(bench.clocks[-1]).logs == {"raw": {0: 1}}


def test_a_flush_counts_only_when_its_last_part_has_come() -> None:
    bench = Bench()
    whole = bench.partial((0, bench.cells(W=(2, 2))), (10, bench.cells(B=(1, 0))), closed_before_s=60)
    first = msgspec.structs.replace(whole, panes=whole.panes[:1], n_parts=2)
    second = msgspec.structs.replace(whole, panes=whole.panes[1:], n_parts=2, part=1)
    assert bench.say(first) == []
    bench.restart()
    assert bench.say(second)[0].n == 3
    assert not any(key.startswith(b"m|part|") for key in bench.state)


def test_a_pane_that_was_cut_over_two_parts_is_joined() -> None:
    bench = Bench()
    parts = [bench.partial((0, bench.cells(**cells)), closed_before_s=60) for cells in ({"W": (2, 2)}, {"B": (1, 0)})]
    parts = [msgspec.structs.replace(part, part=number, n_parts=2) for number, part in enumerate(parts)]
    assert bench.say(*parts)[0].n == 3


def test_a_flush_that_was_cut_off_is_forgotten() -> None:
    bench = Bench()
    whole = bench.partial((0, bench.cells(W=(2, 2))), closed_before_s=60)
    cut_off = msgspec.structs.replace(whole, n_parts=3)
    assert bench.say(cut_off, whole)[0].n == 2
    assert bench.say(msgspec.structs.replace(whole, next_offset=7, part=1, n_parts=2)) == []
    assert bench.report.models["m"].n_broken == 1


def test_empty_windows_are_counted_and_not_emitted() -> None:
    bench = Bench()
    results = bench.say(
        bench.partial((0, bench.cells(W=(40, 20))), (240, bench.cells(W=(9, 2))), closed_before_s=300),
    )
    assert [(r.window, r.end_s) for r in results] == [("1m", 60), ("1m", 300), ("total", 250)]
    assert bench.report.models["m"].n_closed == {("1m", "insufficient"): 1, ("1m", "suppressed"): 1, ("1m", "empty"): 3}


def test_a_jump_of_years_in_event_time_costs_no_loop() -> None:
    bench = Bench()
    year_s = 366 * 86_400
    bench.say(bench.partial((0, bench.cells(W=(40, 20))), closed_before_s=60))
    bench.say(bench.partial((500 * year_s, bench.cells(W=(1, 1))), closed_before_s=500 * year_s, next_offset=2))
    assert bench.report.models["m"].n_closed["1m", "empty"] == 500 * year_s // 60 - 1


def test_state_is_small_and_shrinks_again() -> None:
    bench = Bench()
    for minute in range(100):
        cells = bench.cells(B=(30, 20), W=(30, 30))
        bench.say(bench.partial((60 * minute, cells), closed_before_s=60 * minute, next_offset=minute))
    kinds = [key.split(b"|")[1] for key in bench.state]
    assert kinds.count(b"pane") == 1
    assert kinds.count(b"window") <= 120 // 60 + 1 + 2  # as long as they can be revised, and the newest
    assert kinds.count(b"tested") == 99  # their number is bounded: see the tests of the history
    assert kinds.count(b"breach") <= 4  # one for each test of the pair that is in breach
    assert len(bench.state) - 99 - kinds.count(b"breach") <= 13


def test_a_new_owner_shows_the_newest_results_again() -> None:
    bench = Bench()
    results = bench.say(bench.partial((0, bench.cells(B=(30, 20), W=(40, 38))), closed_before_s=1000))
    bench.restart()
    assert bench.judge.newest_results() == results


def test_a_partial_or_a_state_of_a_policy_that_is_not_registered_is_rejected_with_what_to_do() -> None:
    bench = Bench()
    good = bench.partial((0, bench.cells(W=(1, 1))), closed_before_s=0)
    with pytest.raises(UnknownPolicyError, match=r"policy 0123, which is not registered\. Start a worker with that"):
        bench.say(msgspec.structs.replace(good, policy_hash="0123"))
    with pytest.raises(StateError, match=r"made by version 0\.2 under another policy"):
        bench.say(msgspec.structs.replace(good, layout_hash="other"))
    bench.say(good)
    other = parse_policy(LOANS.replace('"B", "W"', '"B", "W", "X"'))
    with pytest.raises(UnknownPolicyError, match="not registered"):
        JudgeStep(other, 0, Topology()).restore(bench.state, 0)


def test_state_of_another_version_and_damaged_state_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.say(bench.partial((0, bench.cells(W=(1, 1))), closed_before_s=0))
    with pytest.raises(StateError, match="cannot be read"):
        JudgeStep(POLICY, 0, Topology()).restore(bench.state | {b"m|total|0": b"\xc1"}, 0)
    with pytest.raises(StateError, match="'clock' is missing"):
        JudgeStep(POLICY, 0, Topology()).restore({b"m|total|0": b"\x93\xc0\xc0\x80"}, 0)
    monkeypatch.setattr(stored_tally, "VERSION", stored_tally.VERSION - 1)
    with pytest.raises(StateError, match="has version"):
        JudgeStep(POLICY, 0, Topology()).restore(bench.state, 0)


def test_a_restarted_judge_does_not_wait_again_for_a_partition_that_it_has_passed_over() -> None:
    bench = Bench(n_partitions=2)
    bench.say(bench.partial(partition=1, next_offset=0, is_idle=True), bench.partial(closed_before_s=0))
    bench.say(now_s=0.0)
    bench.say(now_s=6.0)
    bench.restart()
    bench.say(bench.partial((0, bench.cells(W=(9, 9))), closed_before_s=60, next_offset=2))
    assert bench.report.models["m"].n_tested == 9
    bench.say(bench.partial(partition=1, closed_before_s=60, next_offset=1))
    bench.restart()
    bench.say(bench.partial((60, bench.cells(W=(5, 5))), closed_before_s=120, next_offset=3))
    assert bench.report.models["m"].n_tested == 0  # it has delivered something


def test_the_state_of_the_former_version_is_read_and_its_tests_go_on_with_the_next_period() -> None:
    bench = Bench()
    bench.say(bench.partial((0, bench.cells(W=(30, 30))), (60, bench.cells(W=(9, 9))), closed_before_s=70))
    version, layout_hash, n_partitions, closed_s, idle_s, windows, *_ = msgspec.msgpack.decode(
        bench.state[b"m|clock|0"]
    )
    former = (version - 1, layout_hash, n_partitions, closed_s, idle_s, windows)
    bench.state[b"m|clock|0"] = msgspec.msgpack.encode(former)
    for key in [key for key in bench.state if key.split(b"|")[1] in (b"period", b"tested")]:
        del bench.state[key]
    bench.restart()
    bench.say(
        bench.partial((70, bench.cells(W=(5, 5))), (120, bench.cells(W=(7, 7))), closed_before_s=180, next_offset=2)
    )
    report = bench.report.models["m"]
    assert (report.n_untested, report.n_tested) == (5, 7)  # a part of the second minute had been tested
    assert bench.results[-1].n == 51


@pytest.mark.parametrize(("period_s", "n_tested", "n_untested"), [(60, 16, 0), (30, 7, 9), (120, 16, 0), (180, 7, 9)])
def test_another_comparison_period_goes_on_with_what_waits(period_s: int, n_tested: int, n_untested: int) -> None:
    bench = Bench()
    bench.say(bench.partial((0, bench.cells(W=(30, 30))), (120, bench.cells(W=(9, 9))), closed_before_s=130))
    bench.former = (POLICY,)
    bench.policy = parse_policy(LOANS + f"detection = {{ period_s = {period_s} }}\n")
    bench.restart()
    bench.say(bench.partial((180, bench.cells(W=(7, 7))), closed_before_s=360, next_offset=2))
    report = bench.report.models["m"]
    assert (report.n_tested, report.n_untested) == (n_tested, n_untested)


def test_a_record_that_is_no_partial_is_rejected_with_its_offset() -> None:
    bench = Bench()
    unread = UnreadableRange(DeadLetterReason.UNREADABLE, 8, 12, 4, 100)
    list(bench.judge.step(Batch("p", 0, 7, 12, np.array([7]), [b"{}"], np.zeros(1, np.int64), [unread])))
    bench.judge.flush(0.0, is_caught_up=False)
    assert bench.judge.take_report().rejected == [(7, RecordFault.UNREADABLE), (8, RecordFault.UNREADABLE)]


def test_partials_of_another_deployment_are_passed_over_and_those_of_version_0_2_counted_apart() -> None:
    bench = Bench()
    mine = bench.partial((0, bench.cells(W=(1, 1))), closed_before_s=1000)
    foreign = msgspec.structs.replace(mine, app_id="second", layout_hash="other", policy_hash="0123")
    nameless = msgspec.structs.replace(mine, app_id="", layout_hash="other")
    assert bench.say(foreign, nameless, None) == []
    assert (bench.report.n_unknown_model, bench.report.models) == (1, {})
    assert bench.say(mine)


def test_a_window_size_declared_later_starts_with_the_next_full_window() -> None:
    bench = Bench()
    bench.say(bench.partial((60, bench.cells(W=(1, 1))), closed_before_s=70))
    bench.policy = parse_policy(LOANS.replace('{ name = "1000s", size_s = 1000 }', '{ name = "2m", size_s = 120 }'))
    bench.former = (POLICY,)
    bench.restart()
    results = bench.say(
        bench.partial((70, bench.cells(W=(2, 2))), (130, bench.cells(W=(4, 4))), closed_before_s=240, next_offset=2)
    )
    assert [(r.window, r.end_s, r.n) for r in results if r.window != "total"] == [
        ("1m", 120, 3),
        ("1m", 180, 4),
        ("2m", 240, 4),
    ]
    assert not any(key.startswith(b"m|window|1000s|") for key in bench.state)
    bench.restart()
    assert bench.judge.newest_results()[1].window == "2m"


def test_a_value_too_large_for_a_record_is_kept_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MAX_PIECE_BYTES", 7)
    bench = Bench()
    bench.say(bench.partial((0, bench.cells(B=(30, 20), W=(40, 38), unknown=(5, 2))), closed_before_s=0))
    assert sum(key.startswith(b"m|pane|raw|0|0|") for key in bench.state) > 1
    bench.restart()
    bench.say(bench.partial(closed_before_s=60, next_offset=2))
    assert not any(key.startswith(b"m|pane|") for key in bench.state)
    bench.restart()
    assert bench.judge.newest_results()[0].n == 75


# ------------------------------------------------------------------ published counts


def camera(*panes: tuple[int, dict[tuple[str, str, str], int]], closed_before_s: int) -> tuple[Bench, list[Aggregate]]:
    bench = Bench(load_policy("camera"))
    index = [{label: number for number, label in enumerate(labels)} for _, labels in bench.layout.dimensions]
    sums = [0] * (bench.layout.width - 1)
    cells = [
        (
            start_s,
            {
                bench.layout.code_of(i[label] for i, label in zip(index, key, strict=True)): [n, *sums]
                for key, n in c.items()
            },
        )
        for start_s, c in panes
    ]
    assert bench.say(bench.partial(*cells, closed_before_s=closed_before_s)) == []
    records = [value for output in bench.outputs for value in output.values if value is not None]
    assert all(output.topic == "camera-aggregates" for output in bench.outputs)
    return bench, [msgspec.json.decode(record, type=Aggregate) for record in records]


def test_counts_are_published_for_one_window_size_and_small_cells_are_left_out() -> None:
    big, small = ("market", "hall", "person"), ("market", "street", "car")
    bench, (aggregate,) = camera((0, {big: 50, small: 12}), (10, {("station", "hall", "car"): 6}), closed_before_s=3600)
    assert [(cell.labels, cell.n) for cell in aggregate.cells] == [
        ({"site": "market", "zone": "hall", "class": "person"}, 50)
    ]  # 6 alone could be subtracted from a total, so the 12 are hidden with them
    assert (aggregate.window, aggregate.end_s, aggregate.k) == ("1m", 60, 10)
    report = bench.report.models["camera"]
    assert (report.n_small, report.n_complementary) == (1, 1)
    assert report.n_closed == {("1m", "published"): 1, ("1m", "empty"): 59}


def test_a_window_of_counts_with_nothing_to_show_is_not_published_at_all() -> None:
    bench, aggregates = camera((0, {("market", "hall", "person"): 9}), closed_before_s=60)
    assert aggregates == []
    assert bench.report.models["camera"].n_closed == {("1m", "suppressed"): 1}


def test_published_counts_are_never_issued_again() -> None:
    bench, _ = camera((0, {("market", "hall", "person"): 50}), closed_before_s=0)
    bench.n_partitions = 2
    bench.say(bench.partial(partition=1, next_offset=0, is_idle=True), bench.partial(closed_before_s=60, next_offset=2))
    assert len(bench.outputs) == 1
    bench.say(
        bench.partial((0, {0: [99] + [0] * (bench.layout.width - 1)}), partition=1, closed_before_s=0, next_offset=99)
    )
    assert bench.outputs == []
    assert bench.report.models["camera"].n_late == 1


def test_counts_of_a_closed_pane_still_count_while_their_window_is_open() -> None:
    bench, _ = camera((0, {("market", "hall", "person"): 50}), closed_before_s=0)
    bench.n_partitions = 2
    bench.say(bench.partial(partition=1, next_offset=0, is_idle=True), bench.partial(closed_before_s=30, next_offset=2))
    code = bench.layout.code_of((1, 1, 2))
    bench.say(
        bench.partial((0, {code: [7] + [0] * (bench.layout.width - 1)}), partition=1, closed_before_s=0, next_offset=7)
    )
    bench.say(
        bench.partial(partition=1, closed_before_s=60, next_offset=7),
        bench.partial(closed_before_s=60, next_offset=3),
    )
    aggregate = msgspec.json.decode(bench.outputs[0].values[0] or b"", type=Aggregate)
    assert [cell.n for cell in aggregate.cells] == [57]


def test_a_window_beyond_its_limit_without_an_alarm_is_explained_by_when_the_groups_applied() -> None:
    """Ten minutes of ratio 1 each: few of B apply when most are approved, most when few are."""
    policy = parse_policy(LOANS.replace("1000s", "10m").replace("size_s = 1000", "size_s = 600"))
    bench = Bench(policy)
    for minute in range(11):
        morning = bench.cells(B=(40, 30), W=(400, 300))
        evening = bench.cells(B=(400, 100), W=(40, 10))
        start_s = 60 * minute
        bench.say(bench.partial((start_s, morning if minute % 2 else evening), closed_before_s=start_s + 60))
    [window] = [result for result in bench.results if result.window == "10m" and result.attribute == "group"]
    row = next(group for group in window.groups if group.group == "B")
    assert row.cause is not None
    assert row.cause.over_time is not None
    assert row.cause.over_time.n_periods == 10
    assert row.cause.over_time.mix_over_time == pytest.approx(row.gap)
    assert "explained by when the groups applied (mix over time), at equal times +0.0 percentage points" in str(
        row.sentence
    )
    assert bench.alerts == []
    minutes = [result for result in bench.results if result.window == "1m"]
    assert all(group.cause is None for result in minutes for group in result.groups)


def test_a_window_of_which_not_all_was_tested_is_not_split_over_time() -> None:
    policy = parse_policy(LOANS.replace("1000s", "2m").replace("size_s = 1000", "size_s = 120"))
    cells = {"B": (40, 10), "W": (400, 300)}
    for n_partitions, is_split in ((1, True), (2, False)):  # tests wait for the silent one, windows do not
        bench = Bench(policy, n_partitions=n_partitions)
        if n_partitions > 1:
            bench.say(bench.partial(partition=1, next_offset=0, is_idle=True))
        bench.say(bench.partial((0, bench.cells(**cells)), (60, bench.cells(**cells)), closed_before_s=120))
        [window] = [result for result in bench.results if result.window == "2m"]
        cause = window.groups[0].cause
        assert cause is not None
        assert (cause.over_time is not None) is is_split
