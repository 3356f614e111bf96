"""Evidence about every alternative, and which alternatives are reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.alternatives.evidence import log_approvals_kept, log_less_disparity, log_outcomes_kept
from stream_app.core.alternatives.tables import GOOD, NOT_KNOWN
from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.ebh import report_by_ebh
from stream_app.core.intervals.interval_ends import wilson_many


class ClaimEvidence(NamedTuple):
    """Log e-values of the claims about some alternatives, each against the contrary.

    Attributes:
        disparity: Less disparity, shape (rules, pairs).
        approvals: Approvals kept, shape (rules,).
        outcomes: Outcomes kept, shape (rules,); None where no outcomes were read.
    """

    disparity: Floats
    approvals: Floats
    outcomes: Floats | None

    def of_all(self) -> Floats:
        """Return the log e-values of all claims together, shape (rules, pairs)."""
        kept = self.approvals if self.outcomes is None else np.minimum(self.approvals, self.outcomes)
        together: Floats = np.minimum(self.disparity, kept[:, np.newaxis])
        return together


class OutcomeShares(NamedTuple):
    """Bounds of the share of good outcomes among favorable decisions, each of shape (...).

    Attributes:
        lower: If everything unknown were bad; NaN without favorable decisions.
        upper: If everything unknown were good; equal to ``lower`` only where everything is known.
        lower_end: Lower end of the 95 % interval of the lower bound.
        upper_end: Upper end of that of the upper bound.
    """

    lower: Floats
    upper: Floats
    lower_end: Floats
    upper_end: Floats


def weigh(
    joint: Ints, pairs: Sequence[tuple[int, int]], margin: float, *, has_outcomes: bool, design_effect: float = 1.0
) -> ClaimEvidence:
    """Return the evidence about the claims.

    Args:
        joint: Counts by rule, group, logged decision, decision of the rule and outcome, as ``ScoreTable.joint`` does.
        pairs: Numbers of each group and of its reference.
        margin: How much the rates may fall, in (0, 1).
        has_outcomes: Whether outcomes were read.
        design_effect: Counts are divided by it where decisions copy one another, >= 1.
    """
    counts = joint / design_effect
    groups, people = counts.sum(axis=-1), counts.sum(axis=1)
    disparity = [log_less_disparity(groups[:, group], groups[:, reference]) for group, reference in pairs]
    return ClaimEvidence(
        np.stack(disparity, axis=1) if disparity else np.zeros((len(joint), 0)),
        log_approvals_kept(people.sum(axis=-1), margin),
        log_outcomes_kept(people, margin) if has_outcomes else None,
    )


def report(log_e: Sequence[Floats], alpha: float) -> list[Bools]:
    """Return which claims e-BH reports over all tables of log e-values together, in their shapes.

    The expected share of false claims among the reported ones is at most ``alpha``, however the alternatives depend on
    one another: they are about the same people. If no claim is true, the chance to report any is at most ``alpha``.

    >>> [table] = report([np.log([[1.0, 90.0], [45.0, 20.0]])], 0.05)
    >>> table.tolist()
    [[False, True], [True, False]]
    """
    flat = np.concatenate([table.ravel() for table in log_e])
    reported = report_by_ebh(flat, alpha)
    cuts = np.cumsum([table.size for table in log_e])[:-1]
    parts = np.split(reported, cuts)
    return [part.reshape(table.shape) for part, table in zip(parts, log_e, strict=True)]


def outcome_shares(favorable: Ints) -> OutcomeShares:
    """Return the bounds of the share of good outcomes.

    Args:
        favorable: Favorable decisions by outcome, shape (..., 3).

    >>> shares = outcome_shares(np.array([10, 20, 70]))
    >>> float(shares.lower), float(shares.upper)
    (0.7, 0.8)
    """
    n = favorable.sum(axis=-1)
    good, not_known = favorable[..., GOOD], favorable[..., NOT_KNOWN]
    with np.errstate(invalid="ignore"):
        lower, upper = good / n, (good + not_known) / n
    return OutcomeShares(lower, upper, wilson_many(good, n)[0], wilson_many(good + not_known, n)[1])
