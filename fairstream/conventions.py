"""The same facts in the signs and names of other tools: Fairlearn and SageMaker Clarify.

FairStream reports group minus reference, negative is harm, as AIF360 and TrustyAI do. Each function here takes the
same counts and returns what the other tool reports for them.
"""

from __future__ import annotations

from stream_app.core.fairness.conventions import (
    ClarifyBias,
    FairlearnOdds,
    FairlearnParity,
    to_clarify,
    to_fairlearn_odds,
    to_fairlearn_parity,
)

__all__ = [
    "ClarifyBias",
    "FairlearnOdds",
    "FairlearnParity",
    "to_clarify",
    "to_fairlearn_odds",
    "to_fairlearn_parity",
]
