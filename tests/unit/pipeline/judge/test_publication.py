"""Published counts of cameras: the ladder, noise that never differs, and a budget that is never overspent."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import msgspec
import numpy as np
import pytest

from stream_app.core.noise.pooling import Rung
from stream_app.core.noise.release import ReleaseQuestion, noise_key, with_noise
from stream_app.core.noise.track_counts import Cell
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import StateKey
from stream_app.errors import ConfigError, PolicyError
from stream_app.pipeline.judge.subjects.choice import subject_of
from stream_app.pipeline.judge.subjects.subject import WindowVerdicts
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.aggregates import Aggregate
from stream_app.pipeline.records.results import Span
from stream_app.policy import ModelPolicy, parse_policy

KEYS = (RootKey("abcdefgh", 0, b"k" * 32),)
DAY_S = 86_400
NOON = 20_000 * DAY_S + 43_200
GROUPS = (("hall", "street"), ("car", "person"))
RUNGS = (Rung(900), Rung(3600))
CELLS = [(zone, kind) for zone in GROUPS[0] for kind in GROUPS[1]]

POLICY = """
schema = 1
[[models]]
name = "cam"
kind = "counts"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
identifiers = [{ path = "track", link_domain = "t" }]
event_time = { path = "ts" }
attributes = [
    { name = "zone", path = "zone", groups = ["hall", "street"] },
    { name = "class", path = "class", groups = ["car", "person"] },
]
windows = [{ name = "15m", size_s = 900 }, { name = "1h", size_s = 3600 }]
"""
LADDER = '[models.publication]\nladder = ["1h"]\npooled = "zone"\n'
NOISE = '[models.publication]\nladder = ["1h"]\ntrack = "track"\nmost_cells = 2\nnoise = { epsilon = "1/2" }\n'


def model_of(publication: str) -> ModelPolicy:
    return parse_policy(POLICY + publication).models[0]


@dataclass
class Desk:
    """A subject, its state, and what it has published."""

    model: ModelPolicy
    keys: tuple[RootKey, ...] = KEYS
    stored: dict[StateKey, list[bytes]] = field(default_factory=dict)
    published: list[Aggregate] = field(default_factory=list)
    verdicts: list[WindowVerdicts] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, model: ModelPolicy | None = None) -> None:
        self.model = model or self.model
        self.subject = subject_of(self.model, "cam", dict(self.stored), None, self.keys)

    def close(self, start_s: int, **counts: int) -> list[Aggregate]:
        """Close a window of 15 minutes; counts are by zone and class."""
        layout = layout_of(self.model)
        cells: Cells = {}
        for name, n in counts.items():
            labels = tuple(name.split("_"))
            indices = [known.index(label) for label, (_, known) in zip(labels, layout.dimensions, strict=True)]
            cells[layout.code_of(indices)] = [n]
        span = Span("15m", start_s, start_s + 900)
        verdicts = self.subject.judge(cells, WindowContext(span, 0, {}, "hash", is_close=True))
        self.stored |= {entry: [data] for entry, data in self.subject.take_changes() if data is not None}
        self.published += verdicts.aggregates
        self.verdicts.append(verdicts)
        return verdicts.aggregates


def shown(aggregates: list[Aggregate]) -> list[tuple[str, bool, dict[tuple[str, ...], int]]]:
    return [(a.window, a.is_rest is True, {tuple(c.labels.values()): c.n for c in a.cells}) for a in aggregates]


def noisy(start_s: int, labels: tuple[str, ...], n: int) -> int:
    """Return what the documentation says about the noise of a cell, from its parts."""
    question = ReleaseQuestion("cam", start_s // DAY_S * DAY_S, GROUPS, RUNGS, 10, 2, Fraction(1, 2))
    return with_noise(question, Cell(labels, start_s), n, noise_key(KEYS[0].secret))


def test_small_cells_climb_to_longer_windows_and_then_over_the_pooled_attribute() -> None:
    desk = Desk(model_of(LADDER))
    assert shown(desk.close(NOON, hall_person=30, street_person=6, hall_car=4)) == [
        ("15m", False, {("hall", "person"): 30})
    ]
    assert shown(desk.close(NOON + 900, hall_person=12, street_person=7, hall_car=4)) == [
        ("15m", False, {("hall", "person"): 12})
    ]
    assert shown(desk.close(NOON + 2700, street_car=6, hall_car=6)) == [
        (
            "1h",
            True,
            {("hall", "car"): 14},
        )  # 13 at the street are hidden beside 6, which would be the total minus these
    ]


def test_exact_counts_say_so_and_nothing_of_them_is_counted_twice() -> None:
    desk = Desk(model_of(LADDER))
    for number in range(4):
        desk.close(NOON + number * 900, hall_person=20 + number, street_person=7, hall_car=4)
    total = sum(cell.n for aggregate in desk.published for cell in aggregate.cells)
    assert total <= sum(20 + n + 7 + 4 for n in range(4))
    assert {(a.noise, a.epsilon, a.scale) for a in desk.published} == {("none", None, None)}
    assert all(cell.n >= 10 for aggregate in desk.published for cell in aggregate.cells)


def test_noisy_counts_say_so_and_are_those_of_the_formula() -> None:
    desk = Desk(model_of(NOISE))
    [aggregate] = desk.close(NOON, hall_person=40)
    assert (aggregate.noise, aggregate.epsilon, aggregate.scale, aggregate.most_cells) == (
        "discrete Laplace", "1/2", "4", 2,
    )  # fmt: skip
    expected = {labels: noisy(NOON, labels, 40 if labels == ("hall", "person") else 0) for labels in CELLS}
    [(_, _, cells)] = shown([aggregate])
    assert cells == {labels: n for labels, n in expected.items() if n >= 10}
    assert ("hall", "person") in cells


@pytest.mark.parametrize("is_restarted", [True, False])
def test_a_judge_that_starts_again_or_reads_everything_again_publishes_the_same(is_restarted: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(5)
    windows = [
        (NOON + n * 900, {f"{zone}_{kind}": int(rng.integers(0, 30)) for zone, kind in CELLS}) for n in range(12)
    ]
    first, second = Desk(model_of(NOISE)), Desk(model_of(NOISE))
    for start_s, counts in windows:
        first.close(start_s, **counts)
        if is_restarted:
            second.restart()
        second.close(start_s, **counts)
    assert [msgspec.json.encode(a) for a in first.published] == [msgspec.json.encode(a) for a in second.published]
    assert len(first.published) == 15


def test_with_noise_a_window_without_anybody_is_published_like_the_others() -> None:
    desk = Desk(model_of(NOISE))
    desk.close(NOON, hall_person=40)
    published = desk.close(NOON + 2700, hall_person=40)
    assert [a.start_s for a in published if not a.is_rest] == [NOON + 900, NOON + 1800, NOON + 2700]
    assert [a.end_s for a in published if a.is_rest] == [NOON + 3600]
    days = desk.close(NOON + 5 * DAY_S, hall_person=40)
    starts = [a.start_s for a in days if not a.is_rest]
    assert len(starts) == 4 * 11 + 4 * 12 + 1, "the rest of the one day and the beginning of the other"


def test_the_budget_of_a_day_is_never_overspent_and_is_back_on_the_next() -> None:
    desk = Desk(model_of(NOISE))
    desk.close(NOON, hall_person=40)
    other = model_of(NOISE.replace('"1/2"', '"1/3"'))
    desk.restart(other)
    desk.close(NOON + 900, hall_person=40)
    budget = desk.verdicts[-1].budget
    assert budget is not None
    assert budget.left == pytest.approx(1 / 6)
    assert budget.renews_s == NOON + 43_200
    third = model_of(NOISE.replace('"1/2"', '"1/4"'))
    desk.restart(third)
    [notice] = desk.close(NOON + 1800, hall_person=40)
    assert (notice.cells, notice.renews_s) == ((), NOON + 43_200)
    assert desk.verdicts[-1].n_over_budget == 1
    desk.restart()  # the ledger is in the state
    [notice] = desk.close(NOON + 2700, hall_person=40)
    assert notice.renews_s == NOON + 43_200
    desk.restart(other)  # which this day has paid for
    assert any(a.cells for a in desk.close(NOON + 3600, hall_person=40))
    desk.restart(third)
    assert any(a.cells for a in desk.close(NOON + DAY_S, hall_person=40))


def test_a_day_with_exact_counts_has_none_with_noise_and_the_other_way_round() -> None:
    desk = Desk(model_of(LADDER))
    desk.close(NOON, hall_person=40)
    desk.restart(model_of(NOISE))
    assert [a.cells for a in desk.close(NOON + 900, hall_person=40)] == [()]
    assert any(a.cells for a in desk.close(NOON + DAY_S, hall_person=40))
    desk.restart(model_of(LADDER))
    assert desk.close(NOON + DAY_S + 900, hall_person=40) == []
    assert desk.verdicts[-1].n_over_budget == 1


def test_noise_that_begins_after_counts_without_a_budget_begins_on_the_next_day() -> None:
    desk = Desk(model_of(""), stored={("clock",): [b"x"]})
    desk.close(NOON, hall_person=40)
    desk.restart(model_of(NOISE))
    assert [a.cells for a in desk.close(NOON + 900, hall_person=40)] == [()]
    desk.restart()
    assert [a.cells for a in desk.close(NOON + 1800, hall_person=40)] == [()]
    assert any(a.cells for a in desk.close(NOON + DAY_S, hall_person=40))


def test_a_judge_that_starts_again_before_its_first_window_closes_has_its_budget() -> None:
    desk = Desk(model_of(NOISE))
    desk.stored |= {("clock",): [b"x"]} | {entry: [data] for entry, data in desk.subject.take_changes() if data}
    desk.restart()
    assert any(a.cells for a in desk.close(NOON, hall_person=40))


def test_what_waits_as_exact_counts_is_never_added_to_counts_with_noise() -> None:
    desk = Desk(model_of(LADDER))
    for number in range(3):
        desk.close(NOON + number * 900, street_person=8, hall_car=8, street_car=8)
    desk.restart(model_of(NOISE))
    desk.close(NOON + DAY_S, hall_person=40)
    assert [a for a in desk.published if a.is_rest and a.start_s == NOON and a.cells] == []


def test_labels_that_the_policy_does_not_list_are_published_exactly_only() -> None:
    assert shown(Desk(model_of(LADDER)).close(NOON, hall_person=40, hall_unknown=20)) == [
        ("15m", False, {("hall", "person"): 40, ("hall", "unknown"): 20})
    ]
    [(_, _, cells)] = shown(Desk(model_of(NOISE)).close(NOON, hall_person=40, hall_unknown=20))
    assert ("hall", "unknown") not in cells


def test_noise_needs_keys_and_each_day_the_key_of_its_beginning() -> None:
    with pytest.raises(ConfigError, match="needs the pseudonym keys"):
        Desk(model_of(NOISE), keys=())
    later = (*KEYS, RootKey("bbbbbbbb", NOON - 3600, b"l" * 32))
    one, two = Desk(model_of(NOISE)), Desk(model_of(NOISE), keys=later)
    assert one.close(NOON, hall_person=40) == two.close(NOON, hall_person=40)
    assert one.close(NOON + DAY_S, hall_person=40) != two.close(NOON + DAY_S, hall_person=40)


@pytest.mark.parametrize(
    ("publication", "message"),
    [
        (LADDER.replace('"1h"', '"2h"'), "publication.ladder: no window '2h'"),
        (LADDER.replace('"1h"', '"15m"'), "publication.ladder: each window must be a multiple"),
        (LADDER.replace('"zone"', '"site"'), "publication.pooled: no attribute 'site'"),
        ('[models.publication]\npooled = "zone"\n', "publication.pooled: needs a ladder"),
        (NOISE.replace("most_cells = 2\n", ""), "publication.most_cells: needed for noise"),
        (NOISE.replace('"1/2"', '"3/2"'), "publication.noise.epsilon: must not be above the budget"),
        (NOISE.replace('"1/2"', '"0"'), "publication.noise.epsilon: expected a fraction greater than 0"),
        (NOISE.replace('"track"', '"zone"'), "publication.track: must be the path of an identifier"),
    ],
)
def test_a_publication_whose_parts_do_not_fit_is_rejected(publication: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        model_of(publication)
