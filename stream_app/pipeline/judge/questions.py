"""Questions about pairs beside their approval rates: shares of cases, compared between groups by the gap rule.

Single attributes only: outcomes are far fewer than decisions, and crossing them would spread the same false alarms over
tests that hardly ever get enough cases.

Source: Hardt, Price and Srebro 2016 (equal opportunity, equalized odds); Becker 1957, Simoiu, Corbett-Davies and Goel
2017 (outcome test).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.pipeline.layout import DECISION, FAVORABLE, OUTCOME, SCORE, UNFAVORABLE
from stream_app.pipeline.records.evidence import KIND_OF_TEST, LimitKind, PairTest
from stream_app.policy import ModelPolicy, Score, declared_outcome

Labels = Mapping[str, tuple[str, ...]]  # permitted labels by dimension; a dimension that is not named permits all


@dataclass(frozen=True)
class Question:
    """A share of cases: those with a label among those that the question is about.

    Attributes:
        low: Test whether the group's share is too low.
        high: Test whether the reference's share is too low.
        words: What the share is, in words.
        cases: Which cells it is about.
        dimension: The dimension of the label.
        counted: Its labels that count.
        limit: Widest gap permitted.
    """

    low: PairTest
    high: PairTest
    words: str
    cases: Labels
    dimension: str
    counted: tuple[str, ...]
    limit: float

    @property
    def kind(self) -> LimitKind:
        """The limit that the question is about."""
        return KIND_OF_TEST[self.low]

    def cells(self, layout: CellLayout, cells: Mapping[int, list[int]]) -> Cells:
        """Return the cells that the question is about."""
        codes = np.fromiter(cells, np.int64, len(cells))
        is_case = np.ones(len(codes), np.bool_)
        for name, labels in self.cases.items():
            stride, n_labels = layout.radix_of(name)
            known = dict(layout.dimensions)[name]
            is_case &= np.isin(codes // stride % n_labels, [known.index(label) for label in labels])
        return {code: cells[code] for code in codes[is_case].tolist()}


def outcome_questions(model: ModelPolicy) -> tuple[Question, ...]:
    """Return the questions about outcomes.

    Where they are known for favorable decisions only, true and false positive rates are not identified, and the share
    of good outcomes among the approved is compared instead.
    """
    limit = model.rules.max_rate_difference
    if declared_outcome(model).is_selective:
        known = {DECISION: (FAVORABLE,), OUTCOME: (FAVORABLE, UNFAVORABLE)}
        words = "good outcomes among the approved"
        outcome = Question(PairTest.OUTCOME_LOW, PairTest.OUTCOME_HIGH, words, known, OUTCOME, (FAVORABLE,), limit)
        return (outcome,)
    good, bad = {OUTCOME: (FAVORABLE,)}, {OUTCOME: (UNFAVORABLE,)}
    approved = (FAVORABLE,)
    return (
        Question(PairTest.TPR_LOW, PairTest.TPR_HIGH, "approvals among good outcomes", good, DECISION, approved, limit),
        Question(PairTest.FPR_LOW, PairTest.FPR_HIGH, "approvals among bad outcomes", bad, DECISION, approved, limit),
    )


def score_questions(model: ModelPolicy) -> tuple[Question, ...]:
    """Return the questions about scores between groups; none without scores."""
    if model.score is None:
        return ()
    bins, words = high_bins(model.score), f"scores from {cut_of(model.score):g} on"
    return (Question(PairTest.SCORE_LOW, PairTest.SCORE_HIGH, words, {}, SCORE, bins, model.rules.max_gap),)


def cut_of(score: Score) -> float:
    """Return the score from which scores count as high: the cut of the policy, else the middle edge.

    >>> cut_of(Score(path="p", minimum=0, maximum=1, edges=(0.2, 0.5, 0.9)))
    0.5
    """
    return score.edges[len(score.edges) // 2] if score.cut is None else score.cut


def high_bins(score: Score) -> tuple[str, ...]:
    """Return the bins from the cut on.

    >>> high_bins(Score(path="p", minimum=0, maximum=1, edges=(0.2, 0.5), cut=0.2))
    ('[0.2,0.5)', '[0.5,1]')
    """
    return score.bins[score.edges.index(cut_of(score)) + 1 :]


def question_of(test: PairTest, questions: Sequence[Question]) -> Question:
    """Return the question that a test belongs to.

    Raises:
        StopIteration: to none of these.
    """
    return next(question for question in questions if test in (question.low, question.high))
