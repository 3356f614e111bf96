"""What is hidden because it follows from several counts at once."""

from __future__ import annotations

import pytest

from stream_app.core.releases.knowledge import Chains
from stream_app.core.releases.overlaps.choosing import counts_to_hide
from stream_app.core.releases.related import Count, People

K = 10
EVERYBODY = People("", frozenset())


def races(*names: str) -> People:
    return People("race", frozenset((name,) for name in names))


def cell(sex: str, race: str) -> People:
    return People("race+sex", frozenset([(race, sex)]))


def hidden(known: list[Count], shown: list[Count], *, is_strict: bool = True) -> set[int]:
    chains: Chains = {}
    for people, start, end, n in known:
        chains.setdefault(people, []).append(([start, end], [0, n]))
    return counts_to_hide([chains], shown, [""], K, is_strict=is_strict)


@pytest.mark.parametrize(("n_few", "n_hidden"), [(4, 1), (14, 0)])
def test_three_unions_of_two_groups_are_each_of_them(n_few: int, n_hidden: int) -> None:
    people = {"black": 300, "white": 900, "asian": n_few, "other": 500}
    known = [Count(EVERYBODY, 0, 60, sum(people.values())), Count(EVERYBODY, 0, 600, 9000)]
    known += [Count(races("other"), 0, 600, 5000)]
    pairs = [("black", "white"), ("white", "asian"), ("black", "asian")]
    shown = [Count(races(*pair), 0, 60, sum(people[name] for name in pair)) for pair in pairs]
    assert len(hidden(known, shown)) == n_hidden


@pytest.mark.parametrize(("n_before", "n_hidden"), [(3, 1), (30, 0)])
def test_a_range_minus_a_range_in_its_middle_is_not_few(n_before: int, n_hidden: int) -> None:
    known = [Count(EVERYBODY, *ends, 900) for ends in ((0, 60), (60, 120), (120, 180))]
    known += [Count(races("black"), 60, 120, 40), Count(races("white"), 60, 120, 860)]
    shown = [Count(races("black"), 0, 180, 40 + n_before + 4)]
    assert len(hidden(known, shown)) == n_hidden


@pytest.mark.parametrize(("n_few", "n_hidden"), [(6, 1), (16, 0)])
def test_two_rows_minus_two_columns_are_not_few(n_few: int, n_hidden: int) -> None:
    """Every row and column hides two cells or more, and still one cell is two rows minus two columns."""
    table = {
        ("f", "a"): 20,
        ("f", "b"): 30,
        ("f", "c"): 50,
        ("f", "d"): 55,
        ("m", "a"): 40,
        ("m", "b"): 60,
        ("m", "c"): n_few,
        ("m", "d"): 65,
        ("x", "a"): 70,
        ("x", "b"): 80,
        ("x", "c"): 90,
        ("x", "d"): 95,
        ("y", "a"): 75,
        ("y", "b"): 85,
        ("y", "c"): 35,
        ("y", "d"): 45,
    }
    open_cells = {(sex, race) for sex in "fm" for race in "ab"} | {(sex, race) for sex in "xy" for race in "cd"}
    open_cells |= {("m", "c")}
    lines = [People("sex", frozenset([(sex,)])) for sex in "fmxy"] + [races(race) for race in "abcd"]
    known = [Count(EVERYBODY, 0, 60, sum(table.values()))]
    known += [
        Count(line, 0, 60, sum(n for labels, n in table.items() if labels[line.attribute == "race"] == label))
        for line in lines
        for ((label,),) in [line.members]
    ]
    shown = [Count(cell(*labels), 0, 60, n) for labels, n in table.items() if labels not in open_cells]
    assert len(hidden(known, shown)) == n_hidden


def test_what_followed_before_hides_nothing() -> None:
    known = [Count(EVERYBODY, 0, 60, 904), Count(races("white"), 0, 60, 900), Count(races("black"), 0, 60, 4)]
    known += [Count(EVERYBODY, 100, 160, 900), Count(races("asian"), 0, 160, 500)]
    assert hidden(known, [Count(races("white"), 100, 160, 500)]) == set()


def test_numbers_that_only_live_counters_tell_count_as_few_unless_said_otherwise() -> None:
    """Nobody has noted how many decisions there were, so asian people may be few."""
    known = [Count(races("asian"), 0, 90, 300), Count(EVERYBODY, 0, 90, 3000)]
    shown = [Count(races("white"), 0, 30, 500), Count(races("black"), 0, 30, 300)]
    assert hidden(known, shown, is_strict=False) == set()
    assert hidden(known, shown) == {0, 1}
    assert hidden([*known, Count(EVERYBODY, 0, 30, 900)], shown) == set()
    assert len(hidden([*known, Count(EVERYBODY, 0, 30, 804)], shown)) == 1


@pytest.mark.parametrize(("n_windows", "n_last"), [(3, 4), (120, 4), (120, 40)])
def test_totals_minus_all_windows_but_one_are_not_few(n_windows: int, n_last: int) -> None:
    known = [Count(EVERYBODY, 60 * number, 60 * number + 60, 1000) for number in range(n_windows)]
    known += [
        Count(cell(sex, race), 60 * number, 60 * number + 60, 100)
        for number in range(n_windows - 1)
        for sex in "fm"
        for race in "abc"
    ]
    shown = [Count(cell("f", "a"), 0, 60 * n_windows, 100 * (n_windows - 1) + n_last)]
    assert len(hidden(known, shown)) == (n_last < K)


def test_a_cell_that_has_no_room_is_nobody_and_the_others_follow() -> None:
    """Black women are 40 of 44 women at least, as there are 40 black people and 400 white ones, all of them men."""
    known = [Count(People("sex", frozenset([(sex,)])), 0, 60, n) for sex, n in {"f": 40, "m": 404}.items()]
    known += [Count(EVERYBODY, 0, 60, 444)]
    shown = [Count(cell("m", "a"), 0, 60, 400), Count(races("a"), 0, 60, 400), Count(races("b"), 0, 60, 44)]
    assert len(hidden(known, shown)) == 1
