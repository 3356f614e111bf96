"""A selection keeps the requested results of those that were read."""

from __future__ import annotations

import msgspec

from stream_app.cli.show.results import Selection
from stream_app.core.groups.comparison import State
from stream_app.pipeline.records.results import Result


def make_result(window: str, end_s: int) -> Result:
    return Result(
        schema=1,
        model="m",
        attribute="sex",
        window=window,
        size_s=60,
        start_s=end_s - 60,
        end_s=end_s,
        revision=0,
        reference="male",
        n=0,
        state=State.OK,
        groups=(),
        offsets={},
        policy_hash="h",
        code_version="0",
    )


LOG = [make_result("1m", 60), make_result("5m", 300), make_result("total", 130)]


def test_only_the_requested_results_are_selected() -> None:
    everything = Selection(model=None, attribute=None, window=None)
    assert all(map(everything.includes, LOG))
    of_window = msgspec.structs.replace(everything, window="5m")
    assert [result.window for result in LOG if of_window.includes(result)] == ["5m"]
    assert not any(msgspec.structs.replace(everything, model="other").includes(result) for result in LOG)
