"""Published counts for people: which windows, and whether they have noise."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.cli.show.counts import counts_table, newest_windows, print_counts
from stream_app.pipeline.records.aggregates import LAPLACE, Aggregate, AggregateCell, decode_aggregate, encode_aggregate

NOON = 1_790_000_100


def aggregate(**changes: Any) -> Aggregate:
    cells = (AggregateCell(labels={"zone": "hall", "class": "person"}, n=1234),)
    made = Aggregate(
        schema=1,
        model="cam",
        window="1m",
        start_s=NOON,
        end_s=NOON + 60,
        k=10,
        cells=cells,
        policy_hash="h",
        code_version="v",
    )
    return msgspec.structs.replace(made, **changes)


NOISY = {"noise": LAPLACE, "epsilon": "1/2", "scale": "8", "most_cells": 4}


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({}, "Exact counts, no noise; cells of fewer than 10 are hidden"),
        (NOISY, "Counts with discrete Laplace noise of scale 8, epsilon 1/2 a day; cells of fewer than 10 are hidden"),
        (NOISY | {"cells": (), "renews_s": NOON + 9000}, "Nothing published: the budget of this day is spent."),
    ],
)
def test_a_listing_says_whether_counts_are_exact(changes: dict[str, Any], mode: str) -> None:
    listing = counts_table(aggregate(**changes))
    assert listing.title == "cam, 1m, 2026-09-21 14:15:00 to 2026-09-21 14:16:00 UTC"
    assert listing.captions[0].startswith(mode)
    assert [row for section in listing.sections for row in section.rows] == (
        [] if "cells" in changes else [("hall", "person", "1,234")]
    )


def test_the_rest_of_a_longer_window_is_named_as_that() -> None:
    assert "what shorter windows did not show" in counts_table(aggregate(window="1h", is_rest=True)).title


def test_the_newest_windows_of_each_size_are_shown() -> None:
    many = [aggregate(end_s=NOON + 60 * number) for number in (3, 1, 2)] + [aggregate(window="1h", end_s=NOON + 3600)]
    assert [one.end_s - NOON for one in newest_windows(many, 1)] == [180, 3600]
    assert [one.end_s - NOON for one in newest_windows(many, 0)] == [60, 120, 180, 3600]


def test_counts_are_printed_as_records_too(capsys: pytest.CaptureFixture[str]) -> None:
    one = aggregate(**NOISY)
    print_counts([one], as_json=True)
    assert decode_aggregate(capsys.readouterr().out.encode()) == one
    print_counts([], as_json=False)
    assert "No published counts" in capsys.readouterr().err
    print_counts([aggregate(**NOISY, cells=())], as_json=False)
    assert "Counts with discrete Laplace noise" in " ".join(capsys.readouterr().out.split())


def test_the_records_of_a_policy_without_a_publication_stay_the_same_and_are_exact() -> None:
    assert set(msgspec.json.decode(encode_aggregate(aggregate()))) == {
        "schema", "model", "window", "start_s", "end_s", "k", "cells", "policy_hash", "code_version",
    }  # fmt: skip
    assert decode_aggregate(encode_aggregate(aggregate())) == aggregate()
    assert counts_table(aggregate(noise="none")).captions == counts_table(aggregate()).captions
