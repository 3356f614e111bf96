"""Our counts in other tools' conventions: reference values, and Fairlearn itself on random tables."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fairlearn

from stream_app.core.fairness.conventions import to_clarify, to_fairlearn_odds, to_fairlearn_parity
from stream_app.core.fairness.outcome_rates import ConfusionCount
from stream_app.core.groups.counts import GroupCount

WHITE, BLACK, HISPAN = GroupCount(1681, 1527), GroupCount(197, 133), GroupCount(111, 85)
NONWHITE = GroupCount(308, 218)
LABELLED = [ConfusionCount(1496, 29, 81, 73), ConfusionCount(127, 6, 17, 47), ConfusionCount(82, 3, 13, 13)]

RATES = {
    "selected": fairlearn.selection_rate,
    "right": fairlearn.true_positive_rate,
    "wrong": fairlearn.false_positive_rate,
}


def records(counts: list[ConfusionCount]) -> dict[str, Any]:
    """Unfold counts to one record for each case, as Fairlearn wants them."""
    repeats = [n for count in counts for n in count]
    of_count = len(counts)
    return {
        "y_true": np.repeat([1, 0, 1, 0] * of_count, repeats),
        "y_pred": np.repeat([1, 1, 0, 0] * of_count, repeats),
        "sensitive_features": np.repeat(
            np.repeat(np.arange(of_count), 4), repeats
        ).tolist(),  # an array of one is rejected
    }


def draw_groups(draw: random.Random) -> list[ConfusionCount]:
    """Draw two to four groups, some of them empty, of one case, all approved or all denied."""
    kinds = [
        ConfusionCount(0, 0, 0, 0),
        ConfusionCount(*draw.choice([(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)])),
        ConfusionCount(draw.randint(1, 30), draw.randint(1, 30), 0, 0),
        ConfusionCount(0, 0, draw.randint(1, 30), draw.randint(1, 30)),
        *[ConfusionCount(*(draw.randint(0, 30) for _ in range(4))) for _ in range(8)],
    ]
    return [draw.choice(kinds) for _ in range(draw.randint(2, 4))]


def test_parity_and_odds_are_those_of_fairlearn_on_random_tables() -> None:
    draw = random.Random(20260101)
    n_parity = n_odds = 0
    for _ in range(230):
        counts = draw_groups(draw)
        parity = to_fairlearn_parity([GroupCount(sum(count), count.tp + count.fp) for count in counts])
        odds = to_fairlearn_odds(counts)
        if parity.difference is None:
            assert not any(map(sum, counts))
            continue
        frame = fairlearn.MetricFrame(metrics=RATES, **records(counts))  # its group metrics are ranges over a frame
        ranges, ratios = frame.difference("between_groups"), frame.ratio("between_groups")
        n_parity += 1
        assert parity.difference == pytest.approx(ranges["selected"])
        assert parity.difference_to_overall == pytest.approx(frame.difference("to_overall")["selected"])
        if parity.ratio is not None:
            assert parity.ratio == pytest.approx(ratios["selected"])
            assert parity.ratio_to_overall == pytest.approx(frame.ratio("to_overall")["selected"])
        if odds.equalized_odds_difference is not None:
            n_odds += 1
            assert odds.equal_opportunity_difference == pytest.approx(ranges["right"])
            assert odds.equalized_odds_difference == pytest.approx(max(ranges["right"], ranges["wrong"]))
        if odds.equalized_odds_ratio is not None:
            assert odds.equalized_odds_ratio == pytest.approx(min(ratios["right"], ratios["wrong"]))
    assert n_parity >= 200
    assert n_odds >= 50


def test_the_group_metrics_of_fairlearn_return_the_same_on_the_labeled_loans() -> None:
    rows = records(LABELLED)
    assert list(to_fairlearn_parity([GroupCount(sum(count), count.tp + count.fp) for count in LABELLED])) == (
        pytest.approx(
            [
                fairlearn.demographic_parity_difference(**rows),
                fairlearn.demographic_parity_ratio(**rows),
                fairlearn.demographic_parity_difference(**rows, method="to_overall"),
                fairlearn.demographic_parity_ratio(**rows, method="to_overall"),
            ]
        )
    )
    assert list(to_fairlearn_odds(LABELLED)) == pytest.approx(
        [
            fairlearn.equal_opportunity_difference(**rows),
            fairlearn.equalized_odds_difference(**rows),
            fairlearn.equalized_odds_ratio(**rows),
        ]
    )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([WHITE, BLACK, HISPAN], [0.233261, 0.743214, 0.202198, 0.769529]),
        ([WHITE, NONWHITE], [0.200596, 0.779174]),
    ],
)
def test_fairlearn_parity_equals_the_reference_values(counts: list[GroupCount], expected: list[float]) -> None:
    assert list(to_fairlearn_parity(counts))[: len(expected)] == pytest.approx(expected, abs=5e-7)


def test_fairlearn_odds_equal_the_reference_values() -> None:
    assert list(to_fairlearn_odds(LABELLED)) == pytest.approx([0.085479, 0.171106, 0.398178], abs=5e-7)


@pytest.mark.parametrize(
    ("group", "expected"),
    [(BLACK, [0.233261, 0.743214, 0.790202]), (HISPAN, [0.142622, 0.842994, 0.876116])],
)
def test_clarify_equals_the_reference_values(group: GroupCount, expected: list[float]) -> None:
    assert list(to_clarify(group, WHITE)) == pytest.approx(expected, abs=5e-7)


def test_what_cannot_be_formed_is_none() -> None:
    nobody = GroupCount(0, 0)
    assert to_fairlearn_parity([]) == (None, None, None, None)
    assert to_fairlearn_parity([nobody, nobody]) == (None, None, None, None)
    assert to_fairlearn_parity([GroupCount(5, 0), GroupCount(9, 0)]) == (0.0, None, 0.0, None)
    assert to_fairlearn_odds([]) == (None, None, None)
    assert to_fairlearn_odds([ConfusionCount(3, 0, 4, 0), ConfusionCount(3, 1, 4, 1)])[1:] == (None, None)
    assert to_fairlearn_odds([ConfusionCount(3, 0, 4, 1), ConfusionCount(3, 0, 4, 1)]).equalized_odds_ratio is None
    assert to_clarify(nobody, nobody) == (None, None, None)
    assert to_clarify(GroupCount(5, 2), GroupCount(5, 0))[:2] == (-0.4, None)
