"""The time range of an alert: from window to window, and exact only where nothing about a few people follows."""

from __future__ import annotations

import pytest

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.gate.alert_counts import AlertCounts, AlertedPair, AlertRange
from stream_app.pipeline.judge.gate.inner_windows import TOTAL
from stream_app.pipeline.judge.gate.tables import Shown, Tables
from stream_app.pipeline.judge.stored.stored_releases import GateMemory
from stream_app.pipeline.layout import layout_of
from tests.support.small_streams import small_model

PAIR = AlertedPair("gender", ("female", "male"))


class Windows:
    """Windows of 60 s, periods of 10 s with 20 women and 30 men each."""

    def __init__(self, period_s: int = 10) -> None:
        model = small_model({"60s": 60}, detection={"period_s": period_s})
        self.layout, self.memory, self.history = layout_of(model), GateMemory({}), PeriodHistory()
        self.counts = AlertCounts(model, self.layout, self.memory, "60s")
        self.end_s = 0

    def cells(self, **people: int) -> Cells:
        cells: Cells = {}
        for label, n in people.items():
            places = [list(labels).index(label) if name == "gender" else 0 for name, labels in self.layout.dimensions]
            cells[self.layout.code_of(tuple(places))] = [n]
        return cells

    def add(self, **people: int) -> None:
        """Add a period."""
        self.history.add(ClosedPeriod(self.end_s, self.end_s + 10, self.cells(**people or {"female": 20, "male": 30})))
        self.end_s += 10

    def close(self, hidden: tuple[str, ...] = (), n_late: int = 0) -> None:
        """Close the window that ends now."""
        start_s = self.end_s - 60
        periods = [span.cells for span in self.history.within(start_s, self.end_s)]
        cells: Cells = {}
        for each in periods:
            add_cells(cells, each)
        add_cells(cells, self.cells(female=n_late))
        self.memory.of(TOTAL).totals.move_to(start_s, self.end_s, [60])
        self.counts.note_window(("60s", start_s), {"gender": {(label,) for label in hidden}}, cells, lambda: periods)

    def choose(self, onset_s: int) -> AlertRange:
        return self.counts.choose(self.history, onset_s, PAIR)


def windows(n: int, period: dict[str, int] | None = None, **first: tuple[str, ...]) -> Windows:
    """Return some closed windows, the first of which may hide groups, and a period after them."""
    made = Windows()
    for number in range(n):
        for _ in range(6):
            made.add(**period or {})
        made.close(first.get("hidden", ()) if not number else ())
    made.add()
    return made


@pytest.mark.parametrize("others", [{}, {"unknown": 12}])
def test_a_time_range_begins_at_the_onset_where_every_period_has_enough_people(others: dict[str, int]) -> None:
    made = windows(2, {"female": 20, "male": 30, **others})
    assert [made.choose(onset_s) for onset_s in (0, 20, 55, 70, 101)] == [
        AlertRange(start_s, 130, is_rounded=False) for start_s in (0, 20, 50, 70, 100)
    ]


@pytest.mark.parametrize("period", [{"female": 9, "male": 30}, {"female": 20, "male": 30, "unknown": 3}])
def test_a_time_range_begins_at_the_start_of_a_window_where_periods_have_few_people(period: dict[str, int]) -> None:
    made = windows(2, period)
    assert [made.choose(onset_s) for onset_s in (0, 20, 50, 70)] == [
        AlertRange(start_s, 130, is_rounded=False) for start_s in (0, 0, 60, 60)
    ]


def test_one_period_with_few_people_is_enough_to_leave_its_window_whole() -> None:
    made = Windows()
    for number in range(12):
        made.add(female=5 if number == 10 else 20, male=30)
        if number % 6 == 5:
            made.close()
    made.add()
    assert made.choose(20) == AlertRange(20, 130, is_rounded=False)
    assert made.choose(70) == AlertRange(60, 130, is_rounded=False)


@pytest.mark.parametrize(("onset_s", "is_rounded"), [(84, True), (83, False), (101, True)])
def test_an_onset_far_from_every_start_of_a_window_is_not_moved(onset_s: int, *, is_rounded: bool) -> None:
    assert windows(2, {"female": 9, "male": 30}).choose(onset_s).is_rounded == is_rounded


def test_an_onset_in_the_open_window_is_exact_where_the_time_before_it_has_enough_people_too() -> None:
    made = windows(1)
    made.add()
    made.add()
    assert made.choose(80) == AlertRange(80, 90, is_rounded=False)
    assert [cut.end_s for cut in made.memory.find(("60s", 60)).cuts] == [80, 90]
    few = Windows()
    for n_women in (5, 20, 20):
        few.add(female=n_women, male=30)
    assert few.choose(10) == AlertRange(0, 30, is_rounded=False)
    few.add()
    assert few.choose(20) == AlertRange(20, 40, is_rounded=False)


def test_a_group_that_a_window_hid_since_has_rounded_numbers() -> None:
    made = windows(3, hidden=("female",))
    assert made.choose(0) == AlertRange(None, 190, is_rounded=True)
    assert made.choose(60) == AlertRange(60, 190, is_rounded=False)


def test_a_window_that_counts_more_than_was_tested_is_not_part_of_exact_numbers() -> None:
    made = Windows()
    for n_late in (3, 0):
        for _ in range(6):
            made.add()
        made.close(n_late=n_late)
    made.add()
    assert made.choose(0).is_rounded
    assert not made.choose(60).is_rounded


def test_a_few_people_in_the_open_window_are_left_out() -> None:
    made = windows(2)
    made.add(female=40, male=30)
    made.add(female=40, male=30, unknown=3)
    assert made.choose(60) == AlertRange(60, 120, is_rounded=False)
    assert made.choose(120) == AlertRange(None, 150, is_rounded=True)


def test_a_window_hides_what_would_follow_beside_an_alert() -> None:
    made = windows(1)
    assert made.choose(0) == AlertRange(0, 70, is_rounded=False)
    tables: Tables = {"gender": {("female",): 23, ("male",): 90, ("unknown",): 40}}
    shown: Shown = {"gender": {("female",), ("male",), ("unknown",)}}
    assert made.counts.known_in(("60s", 60)) == {("gender", ("female",)): 20, ("gender", ("male",)): 30}
    assert ("female",) not in made.counts.beside(("60s", 60), tables, shown)["gender"]
    tables["gender"]["female",] = 35
    assert made.counts.beside(("60s", 60), tables, shown) == shown
    assert made.counts.beside(("60s", 120), tables, shown) == shown


def test_comparison_periods_that_do_not_divide_windows_have_rounded_numbers() -> None:
    made = Windows(period_s=40)
    made.add()
    assert made.choose(0).is_rounded


def test_what_alerts_counted_survives_a_restart() -> None:
    made = windows(1, hidden=("female",))
    made.choose(60)
    memory = GateMemory({entry: [data] for entry, data in made.memory.entries()})
    assert memory.entries() == made.memory.entries()
    assert memory.find(("60s", 60)).cuts == made.memory.find(("60s", 60)).cuts != []
    assert memory.find(TOTAL).runs.hidden_s == {("gender", "female"): 60}
