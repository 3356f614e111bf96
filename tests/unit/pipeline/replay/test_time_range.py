"""Time ranges: aligned to panes, open or closed, never empty."""

from __future__ import annotations

import pytest

from stream_app.errors import ConfigError
from stream_app.pipeline.replay.time_range import TimeRange


def test_an_open_range_stays_open() -> None:
    assert TimeRange(float("-inf"), float("inf")).aligned(10) == TimeRange(float("-inf"), float("inf"))


@pytest.mark.parametrize("to_s", [9, 10])
def test_an_empty_range_is_rejected(to_s: int) -> None:
    with pytest.raises(ConfigError, match="ends before it starts"):
        TimeRange(10, to_s).reject_empty()
    TimeRange(10, 11).reject_empty()
