"""Forged numbers in partials: each is rejected or refuted by the next report, and every honest count stays exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import PanePartial, Partial, encode_partial
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.doubts import MAX_STEP
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.rejected import RecordFault
from stream_app.pipeline.topology import Topology
from stream_app.policy import parse_policy
from stream_app.topics import FAIRNESS_RESULTS

POLICY = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", out_of_orderness_s = 5, pane_s = 10 }
attributes = [{ name = "group", path = "group", groups = ["B", "W"], reference = "W" }]
features = [{ name = "income", path = "income", minimum = 0, maximum = 1000 }]
windows = [{ name = "1m", size_s = 60 }]
""")
MODEL = POLICY.models[0]
LAYOUT = layout_of(MODEL)
BEGIN_S, N_FLUSHES = 1_795_000_020, 15
HUGE = (2**31, 2**53, 2**62, 2**63, 2**64 - 1)
NOT_NUMBERS: tuple[Any, ...] = (1.5, float("nan"), float("inf"), "7", None, [1] * 1000, {}, b"1", True)
FIELDS = tuple(field.name for field in msgspec.structs.fields(Partial))
NUMBERS = (
    "partition", "n_partitions", "next_offset", "closed_before_s", "max_event_s", "part", "n_parts", "first_offset",
    "log_number", "policy_number", "counted_since", "recounted_since",
)  # fmt: skip
TIMES = ("closed_before_s", "max_event_s")
OPTIONAL = ("closed_before_s", "max_event_s", "recounted_since")


def honest(number: int) -> Partial:
    """Return report number ``number``: one pane of eleven decisions, its last."""
    start_s = BEGIN_S + 10 * number
    cells: Cells = {0: [5, 5, 50, 510], 3: [6, 6, 60, 620]}
    return Partial(
        app_id="fairstream", model="m", layout_hash=MODEL.layout_hash(), policy_hash=MODEL.hash(), topic="raw",
        partition=0, n_partitions=1, next_offset=11 * (number + 1), closed_before_s=start_s + 10,
        max_event_s=start_s + 15, is_idle=False, panes=(PanePartial(start_s, cells),),
    )  # fmt: skip


def with_value(partial: Partial, field: str, value: Any) -> bytes:
    """Return a partial as a record with any value in one field."""
    columns = msgspec.to_builtins(partial)
    columns[FIELDS.index(field)] = value
    return msgspec.msgpack.encode(columns)


class Court:
    """A judge that reads records one by one, as a broker dates them, and restarts from nothing but its state."""

    def __init__(self, *, is_dated: bool = False) -> None:
        self.state: dict[bytes, bytes] = {}
        self.values: list[bytes | None] = []
        self.reports: list[JudgeReport] = []
        self._is_dated, self._n = is_dated, 0
        self.restart()

    def restart(self) -> None:
        self.step = JudgeStep(POLICY, 0, Topology({"raw": 1}))
        self.step.restore(self.state, 0)

    def read(self, *values: bytes) -> None:
        n, first = len(values), self._n
        self._n += n
        written_ms = np.full(n, (BEGIN_S + 10 * N_FLUSHES) * 1000 if self._is_dated else 0, np.int64)
        list(self.step.step(Batch("p", 0, first, first + n, np.arange(first, first + n), [*values], written_ms)))
        flush = self.step.flush(0.0, is_caught_up=False)
        for key, value in flush.changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        results = [output for output in flush.outputs if output.topic == FAIRNESS_RESULTS]
        self.values += [value for output in results for value in output.values]
        self.reports.append(self.step.take_report())

    @property
    def faults(self) -> list[RecordFault]:
        return [fault for report in self.reports for _, fault in report.rejected]


def read_all(forged: bytes | None, *, is_dated: bool = False, has_restart: bool = False) -> Court:
    court = Court(is_dated=is_dated)
    for number in range(N_FLUSHES):
        court.read(encode_partial(honest(number)))
        if forged is not None and number == 3:
            court.read(forged)
            if has_restart:
                court.restart()
    return court


ALONE = read_all(None)


def forged_numbers() -> Iterator[tuple[str, Any]]:
    for field in NUMBERS:
        for value in (*HUGE, -1, -(2**63), *NOT_NUMBERS):
            if field in OPTIONAL and value is None:
                continue
            if not (field == "recounted_since" and isinstance(value, int)):
                yield field, value


@pytest.mark.parametrize("is_dated", [False, True])
@pytest.mark.parametrize("field", NUMBERS)
def test_no_number_of_a_forged_partial_changes_what_honest_ones_say(field: str, *, is_dated: bool) -> None:
    for name, value in forged_numbers():
        if name == field in TIMES and value == 2**31 and not is_dated:
            continue  # without a clock any year may be the present one
        if name != field or (field == "counted_since" and value in (2**31, 2**53)):
            continue  # says since when the policy is applied, which moves nothing
        if field == "policy_number" and isinstance(value, int) and value > 0:
            continue  # the registry is read again for it: ``test_checks``
        court = read_all(with_value(honest(4), field, value), is_dated=is_dated)
        assert court.values == ALONE.values, value
        assert len(court.faults) == 1 or (field in TIMES and value < 0), value


@pytest.mark.parametrize("has_restart", [False, True])
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"next_offset": 2**50}, RecordFault.OFFSET),
        ({"next_offset": 44 + MAX_STEP + 1}, RecordFault.OFFSET),
        ({"log_number": 2, "next_offset": 1}, RecordFault.OFFSET),
        ({"closed_before_s": 2**37, "panes": ()}, RecordFault.TIME),
        ({"closed_before_s": BEGIN_S + 30 * 86_400, "panes": ()}, RecordFault.TIME),
        ({"max_event_s": BEGIN_S + 30 * 86_400}, RecordFault.TIME),
        ({"n_partitions": 2}, RecordFault.PARTITION),
    ],
)
def test_what_no_lane_can_have_reached_waits_and_is_refuted(
    changes: dict[str, Any], fault: RecordFault, *, has_restart: bool
) -> None:
    forged = encode_partial(msgspec.structs.replace(honest(4), **changes))
    court = read_all(forged, is_dated=True, has_restart=has_restart)
    assert court.values == ALONE.values
    assert court.faults == ([RecordFault.OFFSET] if has_restart else [fault])
    assert not any(b"|doubted|" in key for key in court.state)


@pytest.mark.parametrize("has_restart", [False, True])
def test_a_long_step_that_the_lane_continues_is_counted(*, has_restart: bool) -> None:
    court = Court()
    court.read(encode_partial(honest(0)))
    further = [msgspec.structs.replace(honest(n), next_offset=5 * MAX_STEP + n) for n in range(1, 14)]
    first, *others = (encode_partial(report) for report in further)
    court.read(first)
    assert any(b"|doubted|" in key for key in court.state)
    if has_restart:
        court.restart()
    for value in others:
        court.read(value)
    total = msgspec.json.decode(court.values[-1] or b"")
    assert (total["window"], total["n"]) == ("total", 11 * 14)
    assert court.faults == []


def test_a_lane_goes_on_after_a_forged_step_that_was_possible() -> None:
    for changes in ({"next_offset": 44 + MAX_STEP}, {"log_number": 1}):
        court = read_all(encode_partial(msgspec.structs.replace(honest(3), **changes)))
        result = msgspec.json.decode(court.values[-1] or b"")
        assert result["offsets"] == {"raw": {"0": 11 * N_FLUSHES}}
        assert sum(report.models["m"].n_stale for report in court.reports) == 4


def forged_cells() -> Iterator[Any]:
    for value in (*HUGE, 2**41, MAX_STEP * 20):
        for place in range(LAYOUT.width):
            vector: list[Any] = [10, 10, 100, 1000]
            vector[place] = value
            if place != 3 or value > 10 * 2**40:  # a sum of squares that ten numbers cannot have
                yield {0: vector}
    for value in (-1, -(2**63), *NOT_NUMBERS):
        for place in range(LAYOUT.width):
            vector = [10, 10, 100, 1000]
            vector[place] = value
            if value is not True and (place, value) != (2, -1):  # what numbers below zero add up to
                yield {0: vector}
    yield {0: [10, 10, 100, 999]}  # fewer squares than the square of the sum
    yield {0: [10, 11, 100, 1000]}
    yield from ({0: []}, {0: [1]}, {0: [1] * 5}, {0: [1] * 100_000}, {LAYOUT.size: [1, 1, 1, 1]}, {-1: [1, 1, 1, 1]})
    yield {code: [MAX_STEP, 0, 0, 0] for code in range(4)}  # each may be, all together may not


def test_counts_that_records_cannot_have_are_rejected() -> None:
    for cells in forged_cells():
        own = honest(4)
        for field in ("panes", "corrections"):
            if field == "corrections" and is_change(cells):
                continue
            value = [[own.panes[0].start_s, cells]]
            record = msgspec.structs.replace(own, panes=(), recounted_since=0)
            court = read_all(with_value(record, field, value))
            assert court.values == ALONE.values, cells
            assert len(court.faults) == 1, cells


def is_change(cells: Any) -> bool:
    """Return whether counts may be a change of others, if not counts of records."""
    vectors = list(cells.values())
    small = all(type(value) is int and abs(value) < 2**54 for vector in vectors for value in vector)
    are_cells = all(len(vector) == LAYOUT.width for vector in vectors) and 0 <= min(cells) <= max(cells) < LAYOUT.size
    return small and are_cells


def test_sums_of_many_records_that_may_be_stay_exact() -> None:
    court, n_left_out = Court(), 0
    cells = {0: [MAX_STEP, MAX_STEP, MAX_STEP * 2**20, MAX_STEP * 2**40]}
    for number in range(40):
        own = honest(number)
        panes = (PanePartial(own.panes[0].start_s, cells),)
        court.read(encode_partial(msgspec.structs.replace(own, panes=panes)))
        n_left_out += court.reports[-1].models["m"].n_not_recounted
    court.read(encode_partial(honest(40)))
    assert msgspec.json.decode(court.values[-1] or b"")["n"] == (40 - n_left_out) * MAX_STEP + 11
    assert 30 < n_left_out < 40
    assert court.faults == []
