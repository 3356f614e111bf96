from __future__ import annotations

import msgspec

from stream_app.pipeline.records.journal import JournalEntry, encode_journal_entry
from stream_app.pipeline.records.results import Result, encode_result
from stream_app.pipeline.replay.verify.difference import first_difference
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordMatcher
from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_JOURNAL, FAIRNESS_RESULTS
from tests.support.fake_sources import POLICY, FakeSource, batch_of, new_judge, results_of


def results() -> list[Result]:
    """Return the results of a judge about sixty decisions of each group in one minute."""
    judge, source = new_judge(), FakeSource(0, 1)
    events = [(number, group, number % 2 == group) for number in range(60) for group in (0, 1)]
    list(judge.step(batch_of(source.read([*events, (200, 0, True)], is_idle=True, max_cells=9))))
    return results_of(judge.flush(1.0, is_caught_up=True).outputs)


RESULTS = results()


def recomputed(result: Result, entry: int = 0) -> RecomputedRecord:
    return RecomputedRecord(FAIRNESS_RESULTS, result.key, encode_result(result), entry)


def live(result: Result, offset: int) -> PublishedRecord:
    return PublishedRecord(FAIRNESS_RESULTS, 0, offset, result.key, encode_result(result))


def with_n(result: Result, n: int) -> Result:
    group = msgspec.structs.replace(result.groups[0], n=n)
    return msgspec.structs.replace(result, groups=(group, *result.groups[1:]))


def compare(
    records: list[RecomputedRecord], published: list[PublishedRecord], n_complete: int = 9
) -> tuple[RecordMatcher, list[RecomputedRecord]]:
    matcher = RecordMatcher(published, n_complete)
    for record in records:
        matcher.match(record)
    return matcher, matcher.missing()


def test_equal_records_match_each_once() -> None:
    matcher, missing = compare(
        [recomputed(result) for result in RESULTS], [live(result, n) for n, result in enumerate(RESULTS)]
    )
    assert (matcher.n_equal, missing, matcher.unexpected()) == (len(RESULTS), [], [])
    duplicated, _ = compare([recomputed(RESULTS[0])], [live(RESULTS[0], 0), live(RESULTS[0], 1)])
    assert duplicated.unexpected() == [(FAIRNESS_RESULTS, 0, 0)]
    assert duplicated.first_matched() == {(FAIRNESS_RESULTS, 0): 1}


def test_the_first_field_that_differs_is_named_with_its_group_and_both_values() -> None:
    changed = with_n(RESULTS[0], 99)
    matcher, missing = compare([recomputed(RESULTS[0])], [live(changed, 0)])
    assert matcher.unexpected() == [(FAIRNESS_RESULTS, 0, 0)]
    difference = first_difference(missing, [live(changed, 0)], k=5)
    assert difference is not None
    assert (difference.window, difference.group, difference.field) == (RESULTS[0].window, "f", "n")
    assert (difference.live, difference.replayed) == (99, RESULTS[0].groups[0].n)


def test_a_count_that_differs_explains_more_than_what_differs_before_it() -> None:
    other_evidence = msgspec.structs.replace(RESULTS[0], policy_hash="other")
    hidden, changed = with_n(RESULTS[1], 3), with_n(RESULTS[2], 99)
    missing = [recomputed(result) for result in RESULTS[:3]]
    difference = first_difference(missing, [live(other_evidence, 0), live(hidden, 1), live(changed, 2)], k=5)
    assert difference is not None
    assert (difference.key, difference.field, difference.live) == (RESULTS[2].key, "n", 99)
    difference = first_difference(missing[:1], [live(other_evidence, 0)], k=5)
    assert difference is not None
    assert (difference.field, difference.live) == ("policy_hash", "other")


def test_of_windows_that_differ_from_one_entry_on_the_shortest_is_named() -> None:
    long, short, later = (
        msgspec.structs.replace(result, start_s=result.end_s - size_s)
        for result, size_s in zip(RESULTS[:3], (300, 60, 10), strict=True)
    )
    published = [live(with_n(result, 99), number) for number, result in enumerate((long, short, later))]
    missing = [recomputed(long, 4), recomputed(short, 4), recomputed(later, 5)]
    difference = first_difference(missing, published, k=5)
    assert difference is not None
    assert (difference.key, difference.end_s - difference.start_s) == (short.key, 60)


def test_the_count_of_a_later_group_explains_more_than_the_ratio_of_an_earlier_one() -> None:
    """A decision of the reference changes the ratios of every group, and its own counts only."""
    first, reference = RESULTS[0].groups[:2]
    live_first = msgspec.structs.replace(first, disparate_impact_ratio=0.5)
    for field in ("n", "favorable"):
        counted = msgspec.structs.replace(reference, **{field: 59})
        changed = msgspec.structs.replace(RESULTS[0], groups=(live_first, counted))
        difference = first_difference([recomputed(RESULTS[0])], [live(changed, 0)], k=5)
        assert difference is not None
        assert (difference.group, difference.field, difference.live) == (reference.group, field, 59)
    few = msgspec.structs.replace(RESULTS[0], groups=(live_first, msgspec.structs.replace(reference, n=3)))
    difference = first_difference([recomputed(RESULTS[0])], [live(few, 0)], k=5)
    assert difference is not None
    assert (difference.group, difference.field, difference.is_hidden) == (first.group, "disparate_impact_ratio", False)


def test_values_about_fewer_than_k_are_hidden() -> None:
    changed = with_n(RESULTS[0], 3)
    difference = first_difference([recomputed(RESULTS[0])], [live(changed, 0)], k=5)
    assert difference is not None
    assert (difference.is_hidden, difference.live, difference.replayed) == (True, None, None)


def test_a_record_of_a_compacted_topic_may_be_superseded_but_its_last_one_may_not() -> None:
    older, newer = RESULTS[0], with_n(RESULTS[0], 41)
    assert compare([recomputed(older), recomputed(newer, 1)], [live(newer, 5)])[1] == []
    assert compare([recomputed(older), recomputed(newer, 1)], [live(older, 5)])[1] == [recomputed(newer, 1)]


def test_records_published_after_the_topics_were_read_may_be_missing() -> None:
    assert compare([recomputed(RESULTS[0], entry=3)], [], n_complete=3)[1] == []
    assert compare([recomputed(RESULTS[0], entry=2)], [], n_complete=3)[1] == [recomputed(RESULTS[0], entry=2)]


def test_a_result_that_is_not_recomputed_is_a_difference() -> None:
    difference = first_difference([], [live(RESULTS[0], 0)], k=5)
    assert difference is not None
    assert (difference.field, difference.live, difference.replayed) == ("record", True, False)


def test_a_journal_entry_that_differs_is_named_by_its_field() -> None:
    entry = JournalEntry(schema=1, model="m", number=4, advances=(), offsets={"raw": {0: 7}}, starts={"raw": {0: 0}},
                       policy_hash=POLICY.hash(), code_version="1")  # fmt: skip
    other = msgspec.structs.replace(entry, offsets={"raw": {0: 8}})
    ours = RecomputedRecord(FAIRNESS_JOURNAL, "m", encode_journal_entry(entry), 4)
    theirs = PublishedRecord(FAIRNESS_JOURNAL, 0, 4, "m", encode_journal_entry(other))
    difference = first_difference([ours], [theirs], k=5)
    assert difference is not None
    assert difference.field == "offsets"
