"""What the cells of one window of outcomes add up to, by group: decisions against outcomes, and bins of scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stream_app.core.fairness.calibration import ScoreBin
from stream_app.core.fairness.outcome_rates import ConfusionCount
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.layout import AWAITED, DECISION, EXPIRED, FAVORABLE, OUTCOME, OUTCOME_LABELS, SCORE
from stream_app.policy import ModelPolicy


@dataclass(slots=True)
class OutcomeSums:
    """What the cells of one group add up to.

    Attributes:
        n: Cases by whether the decision was favorable, and by outcome.
        bins: Outcomes by number of the bin of scores.
    """

    n: dict[tuple[bool, str], int] = field(default_factory=dict)
    bins: dict[int, ScoreBin] = field(default_factory=dict)

    def of(self, outcome: str, *, is_favorable: bool) -> int:
        """Return the cases with an outcome after one kind of decision."""
        return self.n.get((is_favorable, outcome), 0)

    def add(self, outcome: str, bin_: int, vector: list[int], *, is_favorable: bool) -> None:
        """Add a cell; ``bin_`` is -1 without scores."""
        self.n[is_favorable, outcome] = self.of(outcome, is_favorable=is_favorable) + vector[0]
        if bin_ >= 0 and outcome not in (AWAITED, EXPIRED):
            n, positives, score_sum = self.bins.get(bin_, ScoreBin(0, 0, 0))
            good = vector[0] if outcome == FAVORABLE else 0
            self.bins[bin_] = ScoreBin(n + vector[0], positives + good, score_sum + vector[2])

    @property
    def confusion(self) -> ConfusionCount:
        """Decisions against outcomes; what still waits or has expired is in neither."""
        right, wrong = OUTCOME_LABELS[:2]
        return ConfusionCount(
            tp=self.of(right, is_favorable=True),
            fp=self.of(wrong, is_favorable=True),
            fn=self.of(right, is_favorable=False),
            tn=self.of(wrong, is_favorable=False),
        )

    def waited(self, outcome: str, *, is_selective: bool) -> int:
        """Return the cases that wait or have expired; under selective labels of favorable decisions only."""
        denied = 0 if is_selective else self.of(outcome, is_favorable=False)
        return self.of(outcome, is_favorable=True) + denied


def sum_outcomes(
    model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]]
) -> list[dict[str, OutcomeSums]]:
    """Add the cells up by group, for each attribute."""
    places = [layout.position_of(attribute.name) for attribute in model.attributes]
    decision, outcome = layout.position_of(DECISION), layout.position_of(OUTCOME)
    score = layout.position_of(SCORE) if model.score is not None else None
    favorable = layout.dimensions[decision][1].index(FAVORABLE)
    labels = [layout.dimensions[place][1] for place in places]
    sums = [{label: OutcomeSums() for label in groups} for groups in labels]
    for code, vector in cells.items():
        indices = layout.indices_of(code)
        kind, bin_ = OUTCOME_LABELS[indices[outcome]], -1 if score is None else indices[score]
        for groups, place, sums_by_group in zip(labels, places, sums, strict=True):
            sums_by_group[groups[indices[place]]].add(kind, bin_, vector, is_favorable=indices[decision] == favorable)
    return sums
