from __future__ import annotations

import pytest

from stream_app.errors import ReplayError
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.replay.verify.recomputation import split_deployments


def entry(number: int) -> JournalEntry:
    return JournalEntry(
        schema=1, model="m", number=number, advances=(), offsets={}, starts={}, policy_hash="", code_version=""
    )


def test_a_new_app_id_starts_a_new_deployment() -> None:
    deployments = split_deployments([entry(n) for n in (0, 1, 2, 0, 1)], "clock")
    assert [[journal_entry.number for journal_entry in deployment] for deployment in deployments] == [[0, 1, 2], [0, 1]]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([], "contains no journal"), ([3, 4], "lacks the entries 0 to 2"), ([0, 1, 4], "lacks the entries 2 to 3")],
)
def test_a_journal_with_a_gap_is_rejected_with_the_entries_that_are_gone(numbers: list[int], words: str) -> None:
    with pytest.raises(ReplayError, match=words):
        split_deployments([entry(n) for n in numbers], "clock")
