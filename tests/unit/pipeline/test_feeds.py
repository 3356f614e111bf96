"""What arrives in batches, late or at odd times is tested as a replay of the same log tests it."""

from __future__ import annotations

import inspect
import time

import pytest

from stream_app.edges.lanes.lane import Lane
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import parse_policy
from tests.support.feeds import (
    FAIR,
    POLICY,
    START_S,
    UNFAIR,
    Run,
    Upload,
    as_tested,
    decisions,
    in_batches,
    play,
    replayed_alerts,
    without_offsets,
    written_alerts,
)

N, EVERY_S, DRIFT_S = 1800, 4, 3600  # two hours of decisions; in the second one they are unfair


def rates(since_s: int) -> tuple[float, float]:
    return FAIR if since_s < DRIFT_S else UNFAIR


def check(run: Run, n: int = N) -> None:
    """Check that everything is tested, and that a replay raises the same alarms."""
    live = without_offsets(run.alerts)
    assert (run.n_tested, run.n_untested, run.n_late) == (n, 0, 0)
    assert live == without_offsets(written_alerts(run.pipeline))
    assert as_tested(live) == as_tested(replayed_alerts(run.pipeline))
    assert [alert.change for alert in live if alert.test is PairTest.RATIO_LOW] == ["breach"]
    assert all(DRIFT_S <= alert.pane_s - START_S < DRIFT_S + 1200 for alert in live)
    total = [result for result in run.pipeline.exact_results() if result.window == "total"][-1]
    assert total.n == n


@pytest.mark.parametrize("n_partitions", [1, 4])
@pytest.mark.parametrize("minutes", [1, 2, 10, 60])
def test_a_feed_in_batches_is_tested_like_a_replay_at_most_a_batch_later(minutes: int, n_partitions: int) -> None:
    made = decisions(N, every_s=EVERY_S, rates=rates)
    run = play(in_batches(made, 60 * minutes, n_partitions=n_partitions), n_partitions=n_partitions)
    check(run)
    for at_s, alert in run.alerts_at_s:
        assert at_s <= alert.pane_s + 60 + 2 * 60 * minutes + 60  # the upload of this batch, or the next one


def test_producers_that_buffer_and_flush_at_times_of_their_own_are_waited_for() -> None:
    made = decisions(N, every_s=EVERY_S, rates=rates)
    of_partition = [[decision for decision in made if decision.number // 2 % 4 == number] for number in range(4)]
    uploads = in_batches(made[:15], 60, n_partitions=4)  # who has never sent anything is not waited for
    uploads += [
        Upload(upload.at_s, partition, upload.decisions)
        for partition, minutes in enumerate((1, 3, 20, 47))
        for upload in in_batches(
            [decision for decision in of_partition[partition] if decision.number >= 15], 60 * minutes
        )
    ]
    check(play(uploads, n_partitions=4))


def test_partitions_that_are_read_at_unequal_speed_change_nothing() -> None:
    made = decisions(N, every_s=EVERY_S, rates=rates)
    uploads = in_batches(made, 3600, n_partitions=4)
    check(play(uploads, n_partitions=4, records_per_tick=(1000, 9, 3, 1)))


def test_a_worker_that_is_restarted_before_every_upload_changes_nothing() -> None:
    made = decisions(N, every_s=EVERY_S, rates=rates)
    check(play(in_batches(made, 600, n_partitions=2), n_partitions=2, is_restarted=True))


def test_a_host_whose_clock_is_fifty_minutes_ahead_for_a_while_changes_nothing() -> None:
    made = decisions(N, every_s=EVERY_S, rates=rates)
    jump = range(START_S + 3600, START_S + 4200)
    run = play(in_batches(made, 60), broker_clock=lambda at_s: at_s + 3000 * (int(at_s) in jump))
    check(run)


def test_lanes_measure_silence_by_a_clock_that_nobody_can_set() -> None:
    assert inspect.signature(Lane).parameters["now"].default is time.monotonic


def test_a_fair_feed_raises_no_alarm() -> None:
    made = decisions(N, every_s=EVERY_S, rates=lambda _: FAIR)
    run = play(in_batches(made, 600))
    assert run.alerts == replayed_alerts(run.pipeline) == []


def test_what_is_uploaded_after_the_tests_stopped_waiting_is_counted_and_said_not_to_be_tested() -> None:
    policy = parse_policy(POLICY + "detection = { wait_s = 600 }\n")
    made = decisions(N, every_s=EVERY_S, rates=rates)
    of_partition = [[decision for decision in made if decision.number // 2 % 2 == number] for number in range(2)]
    uploads = in_batches(of_partition[0], 60) + [
        Upload(upload.at_s, 1, upload.decisions) for upload in in_batches(of_partition[1], 3600)
    ]
    run = play(uploads, policy, n_partitions=2)
    assert run.n_tested + run.n_untested == N
    assert 0.3 * N < run.n_untested < 0.5 * N
    total = [result for result in run.pipeline.exact_results() if result.window == "total"][-1]
    assert total.n == N
