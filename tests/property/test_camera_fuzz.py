"""Whatever a camera sends, its adapter returns events or a reason; it never raises, and only allowed fields pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.simulated.cameras import simulate_cameras
from producers.simulated.vendor_frames import SHAPES
from producers.timeline import Timeline
from stream_app.core.events.cameras.adapter import CameraAdapter
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.types import CameraLayout
from stream_app.policy.values.cameras import EVENT_FIELDS

LINE = Timeline(1_790_000_000_000, 0.5)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
LAYOUTS: list[CameraLayout] = [
    "onvif-xml", "onvif-json", "axis-v1", "axis-beta", "deepstream", "deepstream-full", "frigate",
]  # fmt: skip


@cache
def frames(shape: str) -> list[bytes]:
    return [event.value for event in islice(simulate_cameras(3, LINE, shape, is_leaky=True), 8)]


def places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield where
    inside = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*where, key))


def replaced(value: Any, where: tuple[Any, ...], new: Any) -> Any:
    if not where:
        return new
    key, *rest = where
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[key] = replaced(value[key], tuple(rest), new)
    return copied


def check(layout: CameraLayout, record: bytes) -> None:
    events = CameraAdapter(layout, frozenset(EVENT_FIELDS), 60, {}, 512).events(record)
    if isinstance(events, Reason):
        return
    for text in events.texts:
        assert isinstance(text, Reason) or set(json.loads(text)) <= set(EVENT_FIELDS)


def test_the_layouts_are_those_that_are_simulated() -> None:
    assert list(SHAPES) == LAYOUTS


@pytest.mark.parametrize("layout", LAYOUTS[1:])
@given(data=st.data())
def test_a_value_that_is_replaced_by_any_other_gives_events_or_a_reason(
    layout: CameraLayout, data: st.DataObject
) -> None:
    record = json.loads(data.draw(st.sampled_from(frames(layout))))
    where = data.draw(st.sampled_from(list(places(record))))
    check(layout, json.dumps(replaced(record, where, data.draw(JSON))).encode())


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.data())
def test_a_record_in_which_bytes_are_changed_gives_events_or_a_reason(
    layout: CameraLayout, data: st.DataObject
) -> None:
    record = bytearray(data.draw(st.sampled_from(frames(layout))))
    first = data.draw(st.integers(0, len(record) - 1))
    record[first : first + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    check(layout, bytes(record))


@pytest.mark.parametrize("layout", LAYOUTS)
@given(record=st.binary(max_size=60))
def test_any_bytes_give_events_or_a_reason(layout: CameraLayout, record: bytes) -> None:
    check(layout, record)
