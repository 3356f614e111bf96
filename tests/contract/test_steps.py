"""What ``LaneStep`` promises to the engine, once for all four steps."""

from __future__ import annotations

import ast
import random
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.errors import StateError, UnknownPolicyError
from stream_app.topics import (
    CAMERA_AGGREGATES,
    DEAD_LETTERS,
    FAIRNESS_ALERTS,
    FAIRNESS_JOURNAL,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
    LATE_DECISIONS,
)
from tests.support.contracts.step_cases import JOIN_TOPIC, STEPS, StepCase
from tests.support.contracts.step_lane import StepLane, Written, records_of
from tests.support.contracts.step_logs import START_S, SourceRecord
from tests.support.contracts.written_content import content_of, partials_of
from tests.support.paths import ROOT

all_steps = pytest.mark.parametrize("case", STEPS, ids=[case.name for case in STEPS])
RUN, COMMIT, CRASH = "run", "commit", "crash"
WRITES = {
    "IngestStep": {DEAD_LETTERS, LATE_DECISIONS, "out", JOIN_TOPIC, FAIRNESS_PARTIALS},
    "OutcomeIngestStep": {DEAD_LETTERS, JOIN_TOPIC},
    "OutcomeStep": {FAIRNESS_PARTIALS},
    "JudgeStep": {FAIRNESS_RESULTS, FAIRNESS_ALERTS, FAIRNESS_JOURNAL, CAMERA_AGGREGATES},
}
cuts = st.lists(st.tuples(st.integers(1, 60), st.sampled_from((RUN, COMMIT, CRASH))), max_size=12)
few_examples = settings(max_examples=15)


def drive(case: StepCase, steps: list[tuple[int, str]], *, may_crash: bool = True) -> StepLane:
    """Read the whole log in runs of these lengths, with a commit or a restart after each as given."""
    lane = case.lane()
    for length, then in [*steps, (len(lane.log), RUN)]:
        lane.read(length)
        if then != RUN:
            lane.flush(START_S)
        if then == CRASH and may_crash:
            lane.restart()
    lane.flush(START_S)
    return lane


@all_steps
def test_the_log_of_the_suite_makes_a_step_write_to_every_topic(case: StepCase) -> None:
    n = Counter(record.topic for record in drive(case, []).written)
    assert set(n) == WRITES[case.name]


@all_steps
@few_examples
@given(steps=cuts)
def test_cutting_a_batch_at_any_place_changes_no_byte(case: StepCase, steps: list[tuple[int, str]]) -> None:
    cut, at_once = drive(case, [(length, RUN) for length, _ in steps]), drive(case, [])
    assert _by_topic(cut) == _by_topic(at_once)
    assert cut.state == at_once.state


@all_steps
@few_examples
@given(steps=cuts)
def test_a_commit_at_any_place_changes_no_content(case: StepCase, steps: list[tuple[int, str]]) -> None:
    often, once = drive(case, steps, may_crash=False), drive(case, [])
    assert content_of(often.written) == content_of(once.written)


@all_steps
@few_examples
@given(steps=cuts)
def test_a_step_restored_at_any_commit_continues_as_if_nothing_had_happened(
    case: StepCase, steps: list[tuple[int, str]]
) -> None:
    restored, steady = drive(case, steps), drive(case, steps, may_crash=False)
    assert content_of(restored.written) == content_of(steady.written)
    assert restored.state == steady.state


@all_steps
def test_a_step_without_news_writes_nothing_and_reports_idleness_once(case: StepCase) -> None:
    lane = drive(case, [(20, COMMIT)] * 5)
    now_s = float(START_S)
    lane.flush(now_s, is_caught_up=True)
    before = len(lane.written)
    for wait_s in (0, 10_000, 0, 10_000, 0):
        now_s += wait_s
        first = lane.flush(now_s, is_caught_up=True)
        again = lane.flush(now_s, is_caught_up=True)
        assert (again.outputs, again.changes) == ([], [])
    assert (first.outputs, first.changes) == ([], [])
    assert sum(partial.is_idle for partial in partials_of(lane.written[before:])) == case.n_idle


@all_steps
def test_the_clock_moves_nothing_while_a_step_is_not_caught_up(case: StepCase) -> None:
    lane = drive(case, [(20, COMMIT)] * 5)
    for now_s in (START_S, START_S + 10_000, START_S + 20_000):
        flush = lane.flush(now_s, is_caught_up=False)
        assert (flush.outputs, flush.changes) == ([], [])


@all_steps
def test_an_idle_step_reports_its_next_record_as_activity(case: StepCase) -> None:
    lane = case.lane()
    half = len(lane.log) // 2
    lane.read(half)
    for now_s in (START_S, START_S + 10_000):
        lane.flush(now_s, is_caught_up=True)
    lane.read(half)
    said = partials_of(records_of(lane.flush(START_S + 20_000, is_caught_up=True)))
    assert [partial.is_idle for partial in said] == [False] * case.n_idle


@all_steps
def test_tombstones_and_empty_batches_do_nothing(case: StepCase) -> None:
    lane = drive(case, [(50, COMMIT)])
    content, state = content_of(lane.written), dict(lane.state)
    content.pop(FAIRNESS_PARTIALS, None)  # says how far the lane has read
    n_partials = len(partials_of(lane.written))
    assert lane.feed([]) == []
    assert lane.feed([SourceRecord(None, START_S + 500)] * 3) == []
    lane.flush(START_S)
    after = content_of(lane.written)
    after.pop(FAIRNESS_PARTIALS, None)
    assert (after, lane.state) == (content, state)
    assert not any(partial.panes for partial in partials_of(lane.written)[n_partials:])


@all_steps
def test_tombstones_are_no_activity(case: StepCase) -> None:
    lane = case.lane()
    lane.read(len(lane.log) // 2)
    for now_s in (START_S, START_S + 10_000):
        lane.flush(now_s, is_caught_up=True)
    lane.feed([SourceRecord(None, START_S + 500)] * 3)
    partials = partials_of(records_of(lane.flush(START_S + 20_000, is_caught_up=True)))
    assert [partial.is_idle for partial in partials] == [True] * case.n_idle


@all_steps
def test_a_step_that_has_read_nothing_writes_no_result(case: StepCase) -> None:
    lane = case.lane()
    lane.flush(START_S)
    assert not any(partial.panes for partial in partials_of(lane.written))
    assert {record.topic for record in lane.written} <= {FAIRNESS_PARTIALS}


@all_steps
def test_state_of_another_version_is_rejected_with_an_action_for_the_operator(case: StepCase) -> None:
    lane = drive(case, [])
    if case.head is None:
        assert lane.state == {}
        return
    version, *rest = msgspec.msgpack.decode(lane.state[case.head])
    lane.state[case.head] = msgspec.msgpack.encode([version + 1, *rest])
    with pytest.raises(StateError) as error:
        lane.restart()
    assert error.value.action


@all_steps
def test_state_of_a_policy_that_is_not_registered_is_rejected_with_an_action(case: StepCase) -> None:
    lane = drive(case, [])
    if case.head is None:
        return  # nothing is stored
    with pytest.raises(UnknownPolicyError) as error:
        case.step_of_another_layout().restore(lane.state, lane.next_offset)
    assert "fairstream policy activate" in error.value.action


@all_steps
def test_a_report_is_taken_once(case: StepCase) -> None:
    lane = drive(case, [(50, COMMIT)])
    fresh = case.lane().step.take_report()
    assert lane.step.take_report() != fresh
    assert lane.step.take_report() == fresh


@all_steps
def test_no_step_reads_the_clock_or_draws_a_random_number(case: StepCase, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [(30, COMMIT), (30, CRASH)]
    expected = drive(case, steps)

    def forbidden(*_: object) -> float:
        raise AssertionError("a step must not ask for this")

    with monkeypatch.context() as patch:
        for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"):
            patch.setattr(time, name, forbidden)
        for name in ("random", "randrange", "choice", "getrandbits"):
            patch.setattr(random, name, forbidden)
        again = drive(case, steps)
    assert again.written == expected.written


@pytest.mark.parametrize("package", ["core", "pipeline", "offline", "render"])
def test_no_pure_module_asks_datetime_for_the_present(package: str) -> None:
    # `time` and `random` are forbidden by a contract of import-linter; `datetime` is needed to read timestamps.
    modules = sorted((ROOT / "stream_app" / package).rglob("*.py"))
    assert modules
    assert [str(path.relative_to(ROOT)) for path in modules if _asks_for_the_present(path)] == []


def _asks_for_the_present(path: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in ("now", "utcnow", "today") for call in calls)


def _by_topic(lane: StepLane) -> dict[str, list[Written]]:
    topics: dict[str, list[Written]] = {}
    for record in lane.written:
        topics.setdefault(record.topic, []).append(record)
    return topics
