"""Identifiers on their way through ingest: replaced everywhere, under the key of their event time."""

from __future__ import annotations

from datetime import UTC, datetime

from stream_app.core.privacy.pseudonym import PATTERN, Pseudonymizer, RootKey
from tests.support.lanes.ingest_lane import CAMERA, IngestLane, encode, iso, loan, track

MIDNIGHT_S = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
OLD = RootKey("oldoldold"[:8], 0, b"o" * 32)
NEW = RootKey("newnewnew"[:8], MIDNIGHT_S, b"n" * 32)
LAST_MOMENT = "2026-09-30T23:59:59.999999Z"


def test_the_key_epoch_ends_with_the_last_microsecond_before_midnight_also_within_a_batch() -> None:
    times = [LAST_MOMENT, iso(MIDNIGHT_S), "2026-10-01T02:00:00.000001+02:00", "2026-10-01T01:59:59+02:00"]
    lane = IngestLane(keys=(NEW, OLD))
    lane.feed([encode(loan(application_id=f"A-{n}", ts=ts)) for n, ts in enumerate(times)], MIDNIGHT_S)
    epochs = ["oldoldol", "newnewne", "newnewne", "oldoldol"]
    assert [event["application_id"].split(".")[1] for event in lane.events] == epochs
    assert [event["applicant_id"].split(".")[1] for event in lane.events] == epochs
    assert [key for key, _ in lane.written["loan-decisions"]] == [e["application_id"].encode() for e in lane.events]


def test_a_batch_of_two_key_epochs_gives_the_pseudonyms_of_each_event_alone() -> None:
    records = [
        encode(loan(application_id=f"A-{n}", ts=iso(MIDNIGHT_S + n % 3 - 1), applicant_id=f"P-{n % 2}"))
        for n in range(9)
    ]
    together, apart = IngestLane(keys=(OLD, NEW)), IngestLane(keys=(OLD, NEW))
    together.feed(records, MIDNIGHT_S)
    for record in records:
        apart.feed([record], MIDNIGHT_S)
    assert together.events == apart.events
    expected = Pseudonymizer([OLD, NEW], "applicant", "text").pseudonym(b"P-0", MIDNIGHT_S - 1)
    assert together.events[0]["applicant_id"] == expected


def test_an_event_sent_again_after_midnight_is_still_a_duplicate() -> None:
    lane = IngestLane(keys=(OLD, NEW))
    lane.feed([encode(loan(ts=LAST_MOMENT))], MIDNIGHT_S)
    lane.feed([encode(loan(ts=LAST_MOMENT)), encode(loan(application_id="A-2", ts=iso(MIDNIGHT_S)))], MIDNIGHT_S + 60)
    lane.flush()
    assert (lane.counts.n_duplicates, lane.n_counted) == (1, 2)


def test_a_new_key_leaves_the_pseudonyms_of_earlier_events_alone() -> None:
    before, after = IngestLane(keys=(OLD,)), IngestLane(keys=(OLD, NEW))
    for lane in (before, after):
        lane.feed([encode(loan(ts=LAST_MOMENT))], MIDNIGHT_S)
    assert before.events == after.events


def test_every_identifier_is_published_as_a_pseudonym_and_the_rest_as_it_came() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    (event,) = lane.events
    assert {name: value for name, value in event.items() if not name.endswith("_id")} == {
        name: value for name, value in loan(ts="2026-09-21T14:13:20Z").items() if not name.endswith("_id")
    }
    assert PATTERN.fullmatch(event["application_id"])
    assert PATTERN.fullmatch(event["applicant_id"])


def test_one_person_in_two_domains_cannot_be_joined() -> None:
    loans, camera = IngestLane(), IngestLane(CAMERA)
    loans.feed([encode(loan(applicant_id="P-7"))])
    camera.feed([encode(track(person_id="P-7"))])
    assert loans.events[0]["applicant_id"][-22:] != camera.events[0]["person_id"][-22:]


def test_an_identifier_that_is_null_or_absent_stays_so() -> None:
    lane = IngestLane(CAMERA)
    records = [track(track_id="T-1", person_id=None), track(track_id="T-2", person_id=...), track(track_id="T-3")]
    lane.feed([encode(record) for record in records])
    persons = [event.get("person_id", "absent") for event in lane.events]
    assert persons[:2] == [None, "absent"]
    assert PATTERN.fullmatch(persons[2])


def test_a_published_event_names_its_raw_record() -> None:
    lane = IngestLane(partition=2)
    lane.feed([b"", None, encode(loan())])
    outputs = lane.feed([encode(loan(application_id="A-2"))])
    assert list(outputs[0].headers or ()) == [[("source", b"2:3")]]
    assert outputs[0].partition == 2


def test_an_id_that_comes_again_on_the_other_side_of_a_boundary_is_a_duplicate_in_either_order() -> None:
    for first, second in ((-10, 5), (5, -10), (-1, 0), (-3_600, 0)):
        lane = IngestLane(keys=(OLD, NEW))
        lane.feed([encode(loan(ts=iso(MIDNIGHT_S + first)))], MIDNIGHT_S + 5)
        lane.feed([encode(loan(ts=iso(MIDNIGHT_S + second), approved=False))], MIDNIGHT_S + 6)
        lane.flush()
        assert (lane.counts.n_duplicates, lane.counts.n_conflicts, lane.n_counted) == (0, 1, 1), (first, second)
    together = IngestLane(keys=(OLD, NEW))
    records = [encode(loan(ts=iso(MIDNIGHT_S + n % 2 * 9 - 5), application_id=f"A-{n // 4}")) for n in range(40)]
    together.feed(records, MIDNIGHT_S + 5)
    together.flush()
    assert (together.counts.n_duplicates, together.n_counted) == (30, 10)


def test_an_id_is_searched_under_both_keys_for_an_hour_and_after_a_restart() -> None:
    lane = IngestLane(keys=(OLD, NEW))
    lane.feed([encode(loan(ts=LAST_MOMENT))], MIDNIGHT_S)
    lane.flush()
    lane.restart()
    lane.feed([encode(loan(ts=iso(MIDNIGHT_S + 3_599))), encode(loan(ts=iso(MIDNIGHT_S + 3_600)))], MIDNIGHT_S + 3_600)
    lane.flush()
    assert (lane.counts.n_duplicates, lane.n_counted) == (1, 2)


def rotated_stream() -> list[list[bytes]]:
    """Ten batches, a minute before midnight to two minutes after, out of order; every id comes twice."""

    def record(n: int) -> bytes:
        ts = iso(MIDNIGHT_S - 60 + n + n * 5 % 7)
        return encode(loan(application_id=f"A-{(n + 1) // 2}", applicant_id=f"P-{n % 3}", ts=ts))

    return [[record(n) for n in range(first, first + 20)] for first in range(0, 200, 20)]


def test_a_key_that_a_running_lane_learns_in_time_changes_nothing_that_a_replay_would_see() -> None:
    live, replay = IngestLane(keys=(OLD,)), IngestLane(keys=(OLD, NEW))
    for number, records in enumerate(rotated_stream()):
        if number == 1:  # the first event of the new epoch is not read yet
            live.keys = (OLD, NEW)
            live.restart()
        for lane in (live, replay):
            lane.feed(records, MIDNIGHT_S + 20 * number)
            lane.flush()
    assert live.events == replay.events
    assert live.counted == replay.counted
    assert live.counts.n_duplicates == replay.counts.n_duplicates > 0
    assert {event["applicant_id"].split(".")[1] for event in live.events} == {"oldoldol", "newnewne"}


def test_after_its_key_was_destroyed_an_epoch_is_counted_as_before_and_linked_to_nobody() -> None:
    successor = RootKey("successo", 0, b"s" * 32)
    before, after = IngestLane(keys=(OLD, NEW)), IngestLane(keys=(successor, NEW))
    for number, records in enumerate(rotated_stream()):
        for lane in (before, after):
            lane.feed(records, MIDNIGHT_S + 20 * number)
            lane.flush()
    assert (before.n_counted, before.counts.n_duplicates) == (after.n_counted, after.counts.n_duplicates)
    assert before.partials == after.partials
    old = [event["applicant_id"] for event in before.events if ".oldoldol." in event["applicant_id"]]
    assert old
    assert not {name[-22:] for name in old} & {event["applicant_id"][-22:] for event in after.events}
