from __future__ import annotations

import msgspec

from stream_app.pipeline.records.journal import JournalEntry, encode_journal_entry
from stream_app.pipeline.records.results import Result, encode_result
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordMatcher, first_difference
from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_JOURNAL, FAIRNESS_RESULTS
from tests.support.fake_sources import POLICY, FakeSource, batch_of, new_judge, results_of


def results() -> list[Result]:
    """Return what a judge says about twelve decisions of each group in one minute."""
    judge, source = new_judge(), FakeSource(0, 1)
    events = [(number, group, number % 2 == group) for number in range(60) for group in (0, 1)]
    list(judge.step(batch_of(source.read([*events, (200, 0, True)], is_idle=True, max_cells=9))))
    return results_of(judge.flush(1.0, is_caught_up=True).outputs)


RESULTS = results()


def told(result: Result, entry: int = 0) -> RecomputedRecord:
    return RecomputedRecord(FAIRNESS_RESULTS, result.key, encode_result(result), entry)


def live(result: Result, offset: int) -> PublishedRecord:
    return PublishedRecord(FAIRNESS_RESULTS, 0, offset, result.key, encode_result(result))


def with_n(result: Result, n: int) -> Result:
    group = msgspec.structs.replace(result.groups[0], n=n)
    return msgspec.structs.replace(result, groups=(group, *result.groups[1:]))


def compare(
    replayed: list[RecomputedRecord], found: list[PublishedRecord], n_sure: int = 9
) -> tuple[RecordMatcher, list[RecomputedRecord]]:
    comparison = RecordMatcher(found, n_sure)
    for own in replayed:
        comparison.match(own)
    return comparison, comparison.missing()


def test_equal_records_match_each_once() -> None:
    comparison, missing = compare([told(own) for own in RESULTS], [live(own, n) for n, own in enumerate(RESULTS)])
    assert (comparison.n_equal, missing, comparison.unexpected()) == (len(RESULTS), [], [])
    repeated, _ = compare([told(RESULTS[0])], [live(RESULTS[0], 0), live(RESULTS[0], 1)])
    assert repeated.unexpected() == [(FAIRNESS_RESULTS, 0, 1)]


def test_the_first_field_that_differs_is_named_with_its_group_and_both_values() -> None:
    changed = with_n(RESULTS[0], 99)
    comparison, missing = compare([told(RESULTS[0])], [live(changed, 0)])
    assert comparison.unexpected() == [(FAIRNESS_RESULTS, 0, 0)]
    found = first_difference(missing, [live(changed, 0)], k=5)
    assert found is not None
    assert (found.window, found.group, found.field) == (RESULTS[0].window, "f", "n")
    assert (found.live, found.replayed) == (99, RESULTS[0].groups[0].n)


def test_values_about_fewer_than_k_are_not_told() -> None:
    changed = with_n(RESULTS[0], 3)
    found = first_difference([told(RESULTS[0])], [live(changed, 0)], k=5)
    assert found is not None
    assert (found.is_hidden, found.live, found.replayed) == (True, None, None)


def test_a_record_of_a_compacted_topic_may_be_superseded_but_its_last_one_may_not() -> None:
    older, newer = RESULTS[0], with_n(RESULTS[0], 41)
    assert compare([told(older), told(newer, 1)], [live(newer, 5)])[1] == []
    assert compare([told(older), told(newer, 1)], [live(older, 5)])[1] == [told(newer, 1)]


def test_what_was_told_after_the_topics_were_read_may_be_missing() -> None:
    assert compare([told(RESULTS[0], entry=3)], [], n_sure=3)[1] == []
    assert compare([told(RESULTS[0], entry=2)], [], n_sure=3)[1] == [told(RESULTS[0], entry=2)]


def test_a_result_that_nothing_makes_is_a_difference() -> None:
    found = first_difference([], [live(RESULTS[0], 0)], k=5)
    assert found is not None
    assert (found.field, found.live, found.replayed) == ("record", True, False)


def test_a_journal_entry_that_differs_is_named_by_its_field() -> None:
    entry = JournalEntry(schema=1, model="m", number=4, advances=(), offsets={"raw": {0: 7}}, starts={"raw": {0: 0}},
                       policy_hash=POLICY.hash(), code_version="1")  # fmt: skip
    other = msgspec.structs.replace(entry, offsets={"raw": {0: 8}})
    ours = RecomputedRecord(FAIRNESS_JOURNAL, "m", encode_journal_entry(entry), 4)
    theirs = PublishedRecord(FAIRNESS_JOURNAL, 0, 4, "m", encode_journal_entry(other))
    found = first_difference([ours], [theirs], k=5)
    assert found is not None
    assert found.field == "offsets"
