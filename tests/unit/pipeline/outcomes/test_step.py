"""The join of outcomes and decisions, rule by rule."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from stream_app.core.join.join_records import JoinDecisions, JoinOutcomes, decode_rows, encode_rows
from stream_app.errors import StateError, UnknownPolicyError
from stream_app.pipeline.outcomes.join_reader import JoinReader, RejectedError
from stream_app.pipeline.rejected import RecordFault
from stream_app.policy import parse_policy
from tests.support.lanes.books import book_of
from tests.support.lanes.outcome_lane import (
    MAX_WAITING,
    MODEL,
    NOW_S,
    POLICY,
    WAIT_S,
    OutcomeLane,
    cases,
    decisions,
    outcomes,
)

GOOD, BAD = True, False


def test_an_outcome_is_counted_in_the_cell_of_its_decision_with_its_score() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, (7, 5, 750_000)), outcomes((NOW_S + 30, (7,), GOOD)))
    lane.flush()
    assert lane.totals() == {
        ("m", "favorable", "[0.5,1]", "awaited"): [1, 1, 750_000, 750_000**2],
        ("m", "favorable", "[0.5,1]", "favorable"): [1, 1, 750_000, 750_000**2],
    }
    assert sorted(lane.counted) == [NOW_S, NOW_S + 30], "each in the pane in which it came"


def test_the_first_outcome_counts_the_same_again_is_duplicate_and_another_is_changed() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases([7])))
    lane.feed(outcomes((NOW_S, (7,), BAD), (NOW_S, (7,), BAD), (NOW_S, (7,), GOOD)), outcomes((NOW_S, (7,), BAD)))
    lane.flush()
    assert (lane.counts.matched, lane.counts.duplicate, lane.counts.changed) == (1, 2, 1)
    assert lane.by_outcome() == {"awaited": 1, "unfavorable": 1}


def test_an_outcome_before_its_decision_waits_and_counts_when_the_decision_comes() -> None:
    lane = OutcomeLane()
    lane.feed(outcomes((NOW_S, (7,), GOOD), (NOW_S, (7,), GOOD), (NOW_S, (7,), BAD)))
    lane.flush()
    assert (lane.counts.unmatched, lane.counts.duplicate, lane.counts.changed) == (1, 1, 1)
    assert (lane.by_outcome(), lane.step.n_unmatched) == ({}, 1)
    lane.feed(decisions(NOW_S + 40, *cases([7])))
    lane.flush()
    assert (lane.counts.matched, lane.step.n_unmatched) == (1, 0)
    assert lane.by_outcome() == {"awaited": 1, "favorable": 1}
    assert list(lane.counted) == [NOW_S + 40], "when both are known"


def test_a_decision_is_found_under_the_key_of_any_epoch() -> None:
    lane = OutcomeLane()
    old, new = 70, 71  # the tags of one case under two keys
    lane.feed(decisions(NOW_S, *cases([old])), outcomes((NOW_S + 20, (new, old), GOOD)))
    lane.feed(outcomes((NOW_S + 21, (new, old), GOOD)))
    lane.flush()
    assert (lane.counts.matched, lane.counts.duplicate) == (1, 1)
    unmatched = OutcomeLane()
    unmatched.feed(
        outcomes((NOW_S, (new, old), BAD)), decisions(NOW_S + 1, *cases([old])), decisions(NOW_S + 1, *cases([new]))
    )
    unmatched.flush()
    assert (unmatched.counts.matched, unmatched.step.n_unmatched) == (1, 0), "one outcome counts once"


def test_a_decision_that_has_waited_too_long_expires_and_its_outcome_stays_unmatched() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases([7, 8])), outcomes((NOW_S + WAIT_S, (7,), GOOD)))
    lane.feed(outcomes((NOW_S + WAIT_S + 1, (8,), GOOD)))
    lane.flush()
    assert (lane.counts.matched, lane.counts.decisions_expired, lane.counts.unmatched) == (1, 1, 1)
    assert lane.by_outcome() == {"awaited": 2, "favorable": 1, "expired": 1}, "7 had its outcome: it did not expire"


def test_an_outcome_without_a_decision_expires() -> None:
    lane = OutcomeLane()
    lane.feed(outcomes((NOW_S, (7,), GOOD)), decisions(NOW_S + WAIT_S + 1, *cases([7])))
    lane.flush()
    assert (lane.counts.expired, lane.counts.matched, lane.step.n_unmatched) == (1, 0, 0)
    assert lane.by_outcome() == {"awaited": 1}


def test_of_too_many_decisions_the_oldest_expire() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases(range(5))), outcomes((NOW_S, (0,), GOOD)))
    lane.feed(decisions(NOW_S + 1, *cases(range(5, MAX_WAITING + 3))))
    lane.flush()
    assert lane.step.n_waiting == MAX_WAITING
    assert lane.by_outcome() == {"awaited": MAX_WAITING + 3, "favorable": 1, "expired": 2}


def test_of_too_many_unmatched_outcomes_the_oldest_expire() -> None:
    lane = OutcomeLane()
    lane.feed(outcomes(*((NOW_S, (tag,), GOOD) for tag in range(MAX_WAITING + 2))))
    lane.flush()
    assert (lane.step.n_unmatched, lane.counts.expired) == (MAX_WAITING, 2)
    assert sum(key.startswith(b"unmatched|") for key in lane.state) == MAX_WAITING


def test_a_duplicate_of_a_decision_changes_nothing() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases([7, 7])), decisions(NOW_S + 1, (7, 3, 1)))
    lane.flush()
    assert (lane.counts.decisions_awaited, lane.counts.decisions_duplicate) == (1, 2)
    assert lane.by_outcome() == {"awaited": 1}


def test_time_never_goes_back_so_no_pane_is_opened_again() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S + 50, *cases([7])))
    lane.flush()
    lane.feed(outcomes((NOW_S, (7,), GOOD)))
    lane.flush()
    assert list(lane.counted) == [NOW_S + 50]
    assert lane.partials[-1].closed_before_s == NOW_S + 50


def test_the_partials_have_the_name_of_the_outcomes_and_go_to_the_judge_of_the_model() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases([7])))
    [run] = lane.flush().outputs
    [partial] = lane.partials
    assert (partial.model, partial.topic, partial.n_partitions) == ("m/outcomes", "app-outcome-join-m", 4)
    assert (partial.next_offset, partial.is_idle, run.keys) == (1, False, [b"m/outcomes"])


def test_a_silent_lane_reports_once_that_it_is_idle() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases([7])))
    for later_s in (0, 1, 6, 7):
        lane.flush(NOW_S + later_s)
    assert [partial.is_idle for partial in lane.partials] == [False, True]


def test_a_flush_writes_only_the_blocks_that_changed() -> None:
    model = parse_policy(POLICY.replace("max_waiting = 12", "max_waiting = 10000")).models[0]
    lane = OutcomeLane(model)
    lane.feed(decisions(NOW_S, *cases(range(5000)), model=model))
    first = lane.flush()
    assert [key for key, _ in first.changes if key.startswith(b"dec")] == [b"decisions|%d" % n for n in range(5)]
    assert all(len(value or b"") <= 20 * 1024 for _, value in first.changes)
    lane.feed(outcomes((NOW_S + 1, (1500,), GOOD)), decisions(NOW_S + 1, *cases([6000]), model=model))
    changed = {key: len(value or b"") for key, value in lane.flush().changes}
    assert {key for key in changed if b"|" in key and b"pane" not in key} == {b"decisions|4", b"labels|1"}
    assert changed[b"labels|1"] == 256


def test_blocks_that_have_left_are_removed_from_the_state() -> None:
    model = parse_policy(POLICY.replace("max_waiting = 12", "max_waiting = 1100")).models[0]
    lane = OutcomeLane(model)
    for round_ in range(8):
        lane.feed(decisions(NOW_S + round_, *cases(range(1000 * round_, 1000 * round_ + 1000)), model=model))
        lane.feed(outcomes((NOW_S + round_, (1000 * round_,), GOOD)))
        lane.flush()
        lane.restart()
    assert {key for key in lane.state if key.startswith(b"dec")} == {b"decisions|6", b"decisions|7"}
    assert (lane.counts.matched, lane.counts.decisions_expired, lane.step.n_waiting) == (8, 6893, 1100)


def test_stored_outcomes_of_another_version_are_rejected_and_of_another_policy_taken_over() -> None:
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases([7])))
    lane.flush()
    lane.model = parse_policy(POLICY.replace("favorable = true\nunf", "favorable = false\nunf", 1).replace(
        "unfavorable = [false]\nevent_time", "unfavorable = [true]\nevent_time")).models[0]  # fmt: skip
    lane.restart()  # what was counted as favorable then stays counted
    lane.state[b"meta"] = msgspec.msgpack.encode([5, *msgspec.msgpack.decode(lane.state[b"meta"])[1:]])
    with pytest.raises(StateError, match=r"has version 5.*Run the version of FairStream that wrote it"):
        lane.restart()


def changed(rows: JoinDecisions | JoinOutcomes, **changes: object) -> bytes:
    return encode_rows(msgspec.structs.replace(rows, **changes))


DECISIONS, OUTCOMES = decode_rows(decisions(NOW_S, *cases([7, 8]))), decode_rows(outcomes((NOW_S, (8,), GOOD)))
FORGED = {
    "no MessagePack": (b"\x00garbage", RecordFault.UNREADABLE),
    "a number": (b"\x07", RecordFault.UNREADABLE),
    "a list without a tag": (b"\x90", RecordFault.UNREADABLE),
    "a field of another type": (msgspec.msgpack.encode(["d", 1, 2, 3, 4]), RecordFault.UNREADABLE),
    "half a tag": (changed(DECISIONS, tags=bytes(12)), RecordFault.COLUMNS),
    "a cell too few": (changed(DECISIONS, cells=bytes(4)), RecordFault.COLUMNS),
    "a cell that does not exist": (changed(DECISIONS, cells=b"\xff" * 8), RecordFault.COLUMNS),
    "scores of some": (changed(DECISIONS, scores=bytes(4)), RecordFault.COLUMNS),
    "no scores": (changed(DECISIONS, scores=b""), RecordFault.COLUMNS),
    "scores no policy has": (changed(DECISIONS, scores=b"\xff\xff\xff\x7f" * 2), RecordFault.COLUMNS),
    "a score just too high": (changed(DECISIONS, scores=b"\x01\x00\x10\x00" * 2), RecordFault.COLUMNS),
    "a score far too low": (changed(DECISIONS, scores=b"\x00\x00\x00\x80" * 2), RecordFault.COLUMNS),
    "the far future": (changed(DECISIONS, time_s=2**40), RecordFault.COLUMNS),
    "a time too many": (changed(OUTCOMES, times_s=bytes(8)), RecordFault.COLUMNS),
    "a column of tags too short": (changed(OUTCOMES, tags=(bytes(8), bytes(7))), RecordFault.COLUMNS),
}


def test_what_no_worker_writes_is_passed_over_and_named_and_changes_nothing_else() -> None:
    honest = [decisions(NOW_S, *cases([7, 8])), outcomes((NOW_S + 1, (8,), GOOD))]
    plain, attacked = OutcomeLane(), OutcomeLane()
    plain.feed(*honest)
    attacked.feed(
        *(value for value, _ in FORGED.values()), honest[0], *(value for value, _ in FORGED.values()), honest[1]
    )
    plain.flush()
    attacked.flush()
    assert attacked.totals() == plain.totals()
    assert attacked.counts == plain.counts
    faults, n = [fault for _, fault in FORGED.values()], len(FORGED)
    assert [(rejected.offset, rejected.fault) for rejected in attacked.rejected] == [
        *enumerate(faults),
        *enumerate(faults, n + 1),
    ]


def test_a_time_that_no_broker_has_yet_does_not_move_the_clock() -> None:
    reader = JoinReader(MODEL, book_of(MODEL))
    far = np.array([2**32 - 1], np.uint32).tobytes()
    forged = [changed(DECISIONS, time_s=2**32 - 1), changed(DECISIONS, time_s=NOW_S + 3 * 86_400)]
    for value in (*forged, changed(OUTCOMES, times_s=far)):
        with pytest.raises(RejectedError) as raised:
            reader.read(value, float(NOW_S))
        assert raised.value.fault == RecordFault.TIME
    assert isinstance(reader.read(changed(DECISIONS, time_s=NOW_S + 86_400), float(NOW_S)), JoinDecisions)
    assert isinstance(reader.read(forged[0]), JoinDecisions)  # without a clock any time may be the present one


def test_a_record_of_an_unknown_policy_is_passed_over_once_the_registry_was_read_for_it() -> None:
    other = parse_policy(POLICY.replace("edges = [0.5]", "edges = [0.25, 0.5]")).models[0]
    rows = decode_rows(decisions(NOW_S, *cases([9]), model=other))
    log = [decisions(NOW_S, *cases([7])), changed(rows, policy_hash=other.hash())]
    for is_registered in (False, True):
        lane = OutcomeLane()
        with pytest.raises(UnknownPolicyError):
            lane.feed(*log)
        lane.next_offset = 0
        lane.registered += [other] * is_registered
        lane.restart()
        lane.feed(*log)
        with pytest.raises(UnknownPolicyError):
            lane.feed(changed(rows, policy_hash="0123", layout_hash="new"))  # comes after the reading
        lane.flush()
        assert lane.rejected == ([] if is_registered else [(1, RecordFault.POLICY)])
        assert sum(lane.by_outcome().values()) == 1 + is_registered


def test_a_record_of_a_newer_version_or_of_another_layout_of_version_0_2_stops_the_lane() -> None:
    lane = OutcomeLane()
    with pytest.raises(StateError, match="written by a newer version"):
        lane.feed(msgspec.msgpack.encode(["e", "hash", 1]))
    other = parse_policy(POLICY.replace("edges = [0.5]", "edges = [0.25, 0.5]")).models[0]
    with pytest.raises(StateError, match=r"made by version 0\.2 under another policy"):
        lane.feed(decisions(NOW_S, *cases([7]), model=other))


def test_a_model_without_scores_stores_four_bytes_less_per_decision() -> None:
    model = parse_policy("\n".join(line for line in POLICY.splitlines() if not line.startswith("score"))).models[0]
    lane = OutcomeLane(model)
    lane.feed(decisions(NOW_S, *cases([7, 8]), model=model), outcomes((NOW_S, (8,), GOOD)))
    lane.flush()
    lane.restart()
    lane.feed(outcomes((NOW_S + 1, (7,), BAD)))
    lane.flush()
    assert len(lane.state[b"decisions|0"]) == 2 * 16
    assert lane.totals() == {
        ("f", "favorable", "awaited"): [2],
        ("f", "favorable", "favorable"): [1],
        ("f", "favorable", "unfavorable"): [1],
    }


def test_a_tag_may_come_again_after_it_has_left() -> None:
    lane = OutcomeLane()
    rng = np.random.default_rng(5)
    for step in range(300):
        lane.feed(decisions(NOW_S + step * (WAIT_S + 1), *cases({int(tag) for tag in rng.integers(0, 40, 6)})))
    lane.flush()
    assert lane.counts.decisions_duplicate == 0
    assert lane.counts.decisions_awaited - lane.counts.decisions_expired == lane.step.n_waiting
    assert MODEL.outcome is not None


def test_waiting_decisions_and_join_records_of_an_earlier_policy_get_their_outcome_under_the_present_one() -> None:
    expected = OutcomeLane()
    expected.feed(decisions(NOW_S, *cases([7, 8, 9])))
    expected.flush()
    lane = OutcomeLane()
    lane.feed(decisions(NOW_S, *cases([7, 8])))
    lane.flush()
    lane.model = parse_policy(POLICY.replace('groups = ["f", "m"]', 'groups = ["x", "m", "f"]')).models[0]
    lane.restart()
    early = msgspec.structs.replace(decode_rows(decisions(NOW_S, *cases([9]))), policy_hash=MODEL.hash())
    lane.feed(encode_rows(early), outcomes(*((NOW_S + 1, (tag,), GOOD) for tag in (7, 8, 9))))
    lane.flush()
    lane.restart()
    assert lane.step.n_waiting == 3
    assert lane.counts.matched == 3
    assert {key[0] for key in lane.totals()} == {key[0] for key in expected.totals()}
    assert lane.by_outcome() == {"awaited": 3, "favorable": 3}
