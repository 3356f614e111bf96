"""A result as people may see it."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.core.groups.counts import GroupCount
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult, disclosable_state, disclose_result
from stream_app.pipeline.disclosure.totals import with_sequences
from stream_app.pipeline.judge.verdicts.decisions import group_counts
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.evidence import LimitKind
from stream_app.pipeline.records.results import Result, Span
from stream_app.policy import load_policy
from tests.support.lanes.judging import judge_plainly

MODEL = load_policy("loanapp").models[0]
LAYOUT = layout_of(MODEL)


def result(**counts: tuple[int, int]) -> Result:
    labels = LAYOUT.dimensions[0][1]
    cells = {}
    for group, (n, favorable) in counts.items():
        for decision, count in enumerate((favorable, n - favorable)):
            cells[LAYOUT.code_of((labels.index(group), 0, 0, decision))] = [count]
    return judge_plainly(MODEL, LAYOUT, cells, Span("100s", 0, 100))[0]


def by_group(disclosed: DisclosedResult) -> dict[str, DisclosedGroup]:
    return {group.group: group for group in disclosed.groups}


def test_a_small_group_and_the_next_smallest_are_hidden_with_all_their_values() -> None:
    groups = by_group(disclose_result(result(white=(60, 50), black=(40, 20), hispan=(3, 1)), 10))
    assert groups["hispan"] == DisclosedGroup(group="hispan", labels=("hispan",), hidden="small_cell")
    assert groups["black"] == DisclosedGroup(group="black", labels=("black",), hidden="complementary")
    assert groups["white"].n == 60


def test_an_empty_group_cannot_be_distinguished_from_a_small_one() -> None:
    groups = by_group(disclose_result(result(white=(60, 50), black=(6, 3)), 5))
    assert groups["hispan"] == DisclosedGroup(group="hispan", labels=("hispan",), hidden="small_cell")


def test_a_group_is_not_compared_with_a_hidden_reference() -> None:
    groups = by_group(disclose_result(result(white=(4, 1), black=(60, 20), hispan=(90, 30)), 10))
    assert groups["hispan"].rate == pytest.approx(1 / 3)
    assert groups["hispan"].disparate_impact_ratio is None
    assert groups["hispan"].gap is None
    assert groups["hispan"].shortfall is None


def test_the_total_is_hidden_when_it_would_count_fewer_than_k() -> None:
    assert disclose_result(result(white=(4, 1), black=(5, 2)), 10).n is None
    assert disclose_result(result(white=(4, 1), black=(6, 2)), 10).n == 10


def test_the_state_reveals_nothing_about_groups_of_fewer_than_k() -> None:
    exact = result(white=(60, 60), black=(40, 1))
    assert exact.state == "breach"
    assert disclose_result(exact, 50).state == "insufficient"


def test_the_state_reveals_nothing_about_a_reference_of_fewer_than_k() -> None:
    exact = result(white=(35, 35), black=(60, 1))
    assert exact.state == "breach"
    assert disclose_result(exact, 50).state == "insufficient"


def test_a_group_that_is_hidden_to_protect_a_smaller_one_still_raises_the_alarm() -> None:
    disclosed = disclose_result(result(white=(60, 60), black=(40, 1), hispan=(3, 3)), 10)
    assert by_group(disclosed)["black"].state is None
    assert disclosed.state == "breach"


def test_a_pair_that_breaks_only_other_rules_is_ok() -> None:
    exact = result(white=(100, 30), black=(100, 20), hispan=(100, 30))
    assert disclosable_state(exact, 10, LimitKind.RATIO) == "breach"
    assert disclosable_state(exact, 10, LimitKind.GAP) == "ok"


def test_k_of_zero_shows_everything() -> None:
    exact = result(white=(4, 1), black=(5, 2))
    disclosed = disclose_result(exact, 0)
    assert msgspec.to_builtins(disclosed)["n"] == 9
    assert [(group.group, group.n, group.hidden) for group in disclosed.groups] == [
        ("black", 5, None),
        ("hispan", 0, None),
        ("white", 4, None),
    ]


def test_cells_are_summed_over_all_other_dimensions() -> None:
    cells = {LAYOUT.code_of((2, sex, segment, 0)): [1] for sex in range(4) for segment in range(4)}
    assert group_counts(LAYOUT, "race", cells)["white"] == GroupCount(16, 16)
    assert group_counts(LAYOUT, "sex", cells)["male"] == GroupCount(4, 4)


def test_running_totals_have_bounds_that_are_valid_at_every_look() -> None:
    total = msgspec.structs.replace(result(white=(1681, 1527), black=(197, 133), hispan=(4, 2)), window="total")
    groups = by_group(with_sequences(disclose_result(total, 5)))
    black, white, hispan = groups["black"], groups["white"], groups["hispan"]
    assert black.hidden == "complementary"  # only one small group: the next smallest protects it
    assert (black.ratio_bounds, hispan.rate_bounds, white.ratio_bounds) == (None, None, None)
    all_shown = by_group(with_sequences(disclose_result(total, 0)))["black"]
    for bounds, ends in (
        (all_shown.rate_bounds, (0.553216, 0.783718)),
        (all_shown.ratio_bounds, (0.599359, 0.874240)),
        (all_shown.gap_bounds, (-0.366749, -0.112857)),
    ):
        assert bounds is not None
        assert msgspec.structs.astuple(bounds) == pytest.approx(ends, abs=1e-6)
