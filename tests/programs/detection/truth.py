"""Which rules a drift breaks for whom, from the rates by which the simulator decides; no code of the product."""

from __future__ import annotations

from typing import NamedTuple

from producers.simulated.loans import BASE_RATE, DRIFT_EFFECT, RACE_DRIFT, RACES

MIN_RATIO, MAX_GAP = 0.8, 0.2
Labels = dict[str, str]  # label by attribute


class Question(NamedTuple):
    """One test of one pair: attributes, groups and the name of the test, as alerts name them."""

    attribute: str
    group: str
    test: str


def rate_of(labels: Labels, level: float) -> float:
    """Return the approval rate of a group under a drift level.

    Age and product do not matter: the drift weights of products add up to 1 over their shares.
    """
    if "gender" not in labels:
        return (rate_of(labels | {"gender": "female"}, level) + rate_of(labels | {"gender": "male"}, level)) / 2
    if labels["gender"] == "male":
        return BASE_RATE
    race_weight = float(RACE_DRIFT[list(RACES).index(labels["race"])]) if "race" in labels else 0.0
    return BASE_RATE - DRIFT_EFFECT * level * (1 + race_weight)


def broken_tests(labels: Labels, reference: Labels, level: float) -> set[str]:
    """Return the tests of a pair whose rule the drift breaks."""
    rate, reference_rate = rate_of(labels, level), rate_of(reference, level)
    is_broken = {
        "ratio_low": rate < MIN_RATIO * reference_rate,
        "ratio_high": reference_rate < MIN_RATIO * rate,
        "gap_low": rate < reference_rate - MAX_GAP,
        "gap_high": reference_rate < rate - MAX_GAP,
    }
    return {test for test, is_so in is_broken.items() if is_so}


def broken_questions(attributes: list[tuple[str, list[str], str]], level: float) -> set[Question]:
    """Return every question that the drift answers with yes, over all groups and intersections.

    Args:
        attributes: Name, groups and reference group of each protected attribute.
        level: Drift level.
    """
    combinations: list[list[tuple[str, str, str]]] = [[]]
    for name, groups, reference in attributes:
        combinations += [[*chosen, (name, group, reference)] for chosen in combinations for group in groups]
    broken: set[Question] = set()
    for chosen in combinations:
        labels = {name: group for name, group, _ in chosen}
        reference_labels = {name: reference for name, _, reference in chosen}
        if labels != reference_labels:
            named = "+".join(labels), " & ".join(labels.values())
            broken |= {Question(*named, test) for test in broken_tests(labels, reference_labels, level)}
    return broken
