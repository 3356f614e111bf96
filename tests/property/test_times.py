"""Every spelling of a time is read as the time that was written, alone and in a column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.policy.values.time_columns import EPOCH_UNITS, TimeReader
from stream_app.policy.values.times import TimeFault, read_time

BERLIN = ZoneInfo("Europe/Berlin")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.builds(
    lambda us, offset: (EPOCH + timedelta(microseconds=us)).astimezone(offset),
    st.integers(-2_000_000_000_000_000, 9_000_000_000_000_000),
    offsets,
)
utc_seconds = st.integers(631_152_000, 2_114_380_800).map(lambda second: datetime.fromtimestamp(second, UTC))


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, datetime]:
    """Draw a text and the time that it is."""
    moment = draw(moments)
    dash, colon = draw(st.sampled_from([("-", ":"), ("", "")]))
    precision = draw(st.sampled_from(["minute", "second", "fraction"]))
    text = moment.strftime(f"%Y{dash}%m{dash}%d") + draw(st.sampled_from("Tt ")) + moment.strftime(f"%H{colon}%M")
    moment = moment.replace(microsecond=moment.microsecond if precision == "fraction" else 0)
    if precision == "minute":
        moment = moment.replace(second=0)
    else:
        text += moment.strftime(f"{colon}%S")
    if precision == "fraction":
        digits = f"{moment.microsecond:06}" + draw(st.sampled_from(["", "0", "000", "4", "499", "0000000000"]))
        text += draw(st.sampled_from(".,")) + digits
    minutes = round((moment.utcoffset() or timedelta()) / timedelta(minutes=1))
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    forms = [f"{sign}{size // 60:02}:{size % 60:02}", f"{sign}{size // 60:02}{size % 60:02}"]
    forms += [f"{sign}{size // 60:02}"] if size % 60 == 0 else []
    forms += (
        ["Z", "z", " UTC", "UTC", "GMT", "-00:00", "+0000 UTC", "Z[UTC]", "+00:00[Africa/Abidjan]"] if not size else []
    )
    return text + draw(st.sampled_from(["", " "])) + draw(st.sampled_from(forms)), moment


@given(spelled())
def test_a_time_is_read_as_it_was_written(case: tuple[str, datetime]) -> None:
    text, moment = case
    assert read_time(text.replace("  ", " ")) == moment


@given(st.lists(spelled(), min_size=1, max_size=40), st.integers(1, 12))
def test_a_column_is_read_like_each_of_its_texts(cases: list[tuple[str, datetime]], n_times: int) -> None:
    texts = [text.replace("  ", " ") for text, _ in cases * n_times]
    column = TimeReader("iso8601").read(texts)
    assert column.faults == {}
    assert column.moments == [moment for _, moment in cases * n_times]
    assert column.seconds.tolist() == [moment.timestamp() for moment in column.moments]


@given(
    st.lists(
        st.text(st.sampled_from("0123456789-:.,+TZ tz[]UC²\u2212"), max_size=40) | spelled().map(lambda case: case[0])
    )
)
def test_any_text_is_a_time_or_has_a_fault_and_the_fast_path_takes_no_more_than_the_reader(texts: list[str]) -> None:
    column = TimeReader("iso8601").read(texts)
    for number, text in enumerate(texts):
        single = read_time(text)
        assert (column.faults.get(number) or column.moments[number]) == single
        try:
            fast = msgspec.convert(text, Annotated[datetime, msgspec.Meta(tz=True)])
        except msgspec.ValidationError:
            continue
        assert single == fast


@given(utc_seconds)
def test_a_local_time_is_the_occurrence_near_the_broker_s_time(moment: datetime) -> None:
    local = moment.astimezone(BERLIN)
    near_s = np.array([moment.timestamp() + 60])
    column = TimeReader("iso8601", "Europe/Berlin").read([local.strftime("%Y-%m-%d %H:%M:%S")], near_s)
    assert column.moments == [moment]
    is_twofold = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    alone = read_time(local.strftime("%Y-%m-%dT%H:%M:%S"), BERLIN)
    assert alone == (TimeFault.NO_OFFSET if is_twofold else moment)


@given(st.integers(0, 4_000_000_000), st.integers(0, 999_999_999), st.sampled_from(sorted(EPOCH_UNITS)))
def test_a_number_since_1970_is_read_in_its_unit_to_the_microsecond(second: int, rest_ns: int, unit: str) -> None:
    per_second = EPOCH_UNITS[unit]
    value = (second * 1_000_000_000 + rest_ns) * per_second // 1_000_000_000
    (seconds,) = TimeReader(unit).read([value]).seconds.tolist()  # type: ignore[arg-type]  # one of the formats
    exact_us = value * 1_000_000 // per_second
    assert seconds == exact_us / 1_000_000
    assert int(seconds // 1) == second


@given(st.integers(100_000_000, 4_000_000_000), st.sampled_from(sorted(EPOCH_UNITS)))
def test_the_unit_is_told_from_the_magnitude(second: int, unit: str) -> None:
    assert TimeReader("epoch").read([second * EPOCH_UNITS[unit]]).seconds.tolist() == [second]


def test_a_local_time_that_the_clocks_skipped_is_not_a_time() -> None:
    for second in range(0, 3600, 300):
        skipped = (datetime(2026, 3, 29, 2, tzinfo=UTC) + second * SECOND).isoformat()[:19]
        assert read_time(skipped, BERLIN, near_s=0.0) is TimeFault.NOT_A_TIME
    assert read_time("2026-03-29T03:00:00", BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)
