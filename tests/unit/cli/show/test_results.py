"""Which of the results that were read are shown."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.cli.show.results import Selection, newest_of
from stream_app.core.groups.comparison import State
from stream_app.pipeline.records.results import Result


def result(window: str, end_s: int, revision: int = 0) -> Result:
    return Result(
        schema=1,
        model="m",
        attribute="sex",
        window=window,
        size_s=60,
        start_s=end_s - 60,
        end_s=end_s,
        revision=revision,
        reference="male",
        n=0,
        state=State.OK,
        groups=(),
        offsets={},
        policy_hash="h",
        code_version="0",
    )


LOG = [
    result("1m", 60),
    result("1m", 120),
    result("5m", 300),
    result("total", 130),
    result("1m", 60, 1),
    result("total", 140),
]


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        (1, [("1m", 120, 0), ("5m", 300, 0), ("total", 140, 0)]),
        (2, [("1m", 60, 1), ("1m", 120, 0), ("5m", 300, 0), ("total", 140, 0)]),
        (0, [("1m", 60, 1), ("1m", 120, 0), ("5m", 300, 0), ("total", 140, 0)]),
    ],
)
def test_the_last_revision_of_the_newest_windows_is_shown(last: int, shown: list[tuple[str, int, int]]) -> None:
    assert [(own.window, own.end_s, own.revision) for own in newest_of(LOG, last)] == shown


def test_only_what_is_asked_for_is_selected() -> None:
    everything = Selection(model=None, attribute=None, window=None)
    assert all(map(everything.includes, LOG))
    assert [own.window for own in LOG if msgspec.structs.replace(everything, window="5m").includes(own)] == ["5m"]
    assert not any(msgspec.structs.replace(everything, model="other").includes(own) for own in LOG)
