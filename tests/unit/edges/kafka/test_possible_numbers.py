"""Numbers of a forged record that no calendar and no table can show are found wherever they are in it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.edges.kafka.readers.live_results import has_possible_times
from tests.support.sample_alert import ALERT


@pytest.mark.parametrize(
    "change",
    [
        {"at_s": 2**62},
        {"onset_s": -(2**62)},
        {"onset_earliest_s": -(2**62)},
        {"onset_latest_s": 10**15},
        {"n": 10**3_999},
        {"offsets": {"raw": {0: 10**400}}},
        {"cause": ({"deep": [-(10**400)]},)},
    ],
    ids=str,
)
def test_an_alert_with_an_impossible_number_is_left_out(change: dict[str, Any]) -> None:
    assert has_possible_times(ALERT)
    assert not has_possible_times(msgspec.structs.replace(ALERT, **change))
