from __future__ import annotations

import msgspec
import pytest

from stream_app.errors import ReplayError
from stream_app.pipeline.records.journal import JournalEntry, decode_journal_entry, encode_journal_entry
from stream_app.pipeline.replay.verify.recomputation import check_logs, split_deployments


def entry(number: int) -> JournalEntry:
    return JournalEntry(
        schema=1, model="m", number=number, advances=(), offsets={}, starts={}, policy_hash="", code_version=""
    )


def test_a_new_app_id_starts_a_new_deployment() -> None:
    deployments = split_deployments([entry(n) for n in (0, 1, 2, 0, 1)], "clock")
    assert [[journal_entry.number for journal_entry in deployment] for deployment in deployments] == [[0, 1, 2], [0, 1]]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([], "contains no journal"),
        ([3, 4, 6], "lacks the entries 5 to 5"),
        ([0, 1, 4], "lacks the entries 2 to 3"),
        ([0, 1, 2, 1, 3], "has the entry 1 of model 'm' twice"),
        ([5, 6, 6], "has the entry 6"),
    ],
)
def test_a_journal_with_a_gap_or_an_entry_twice_is_rejected_with_the_entries(numbers: list[int], words: str) -> None:
    with pytest.raises(ReplayError, match=words):
        split_deployments([entry(n) for n in numbers], "clock")


def test_a_log_that_changed_in_between_is_named_before_anything_is_read() -> None:
    first, second = (msgspec.structs.replace(entry(n), offsets={"raw": {0: 5, 1: 9}}) for n in (0, 1))
    changed = msgspec.structs.replace(second, number=2, offsets={"raw": {0: 7, 1: 2}}, logs={"raw": {1: 1}})
    check_logs([first, second])
    check_logs([changed, changed])  # it changed before the first entry
    with pytest.raises(ReplayError, match=r"raw\[1\] was created again or cut short before entry 2 of the journal"):
        check_logs([first, second, changed])


def test_an_entry_names_logs_only_where_one_has_changed() -> None:
    same = entry(0)
    assert b"logs" not in encode_journal_entry(same)
    changed = msgspec.structs.replace(same, logs={"raw": {1: 1}})
    assert decode_journal_entry(encode_journal_entry(changed)) == changed
