"""The scoring model of the demo: a logistic regression over four facts of an application.

    logit p = 0.6 + 0.012 (credit_score - 640) + 0.8 ln((income + 1000) / (loan_amount + 1000)) + product

It has no protected attribute, and was fitted to nothing: it is there to be asked. Answers are rounded to two digits,
which makes a copy cost more queries.
"""

from __future__ import annotations

from math import exp, log
from typing import NamedTuple

VERSION = "demo-1"
CUT = 0.5
_INTERCEPT, _PER_POINT, _MIDDLE = 0.6, 0.012, 640
_PER_LOG, _OFFSET = 0.8, 1000.0
PRODUCTS = {"auto": 0.2, "home": -0.1, "personal": 0.0, "student": 0.1}


class Application(NamedTuple):
    """What is asked about.

    Attributes:
        credit_score: From 300 to 850.
        income: In a year, >= 0.
        loan_amount: >= 0.
        product: One of ``PRODUCTS``.
    """

    credit_score: int
    income: float
    loan_amount: float
    product: str


def probability(application: Application) -> float:
    """Return the probability of repayment, in (0, 1).

    >>> round(probability(Application(640, 40_000, 40_000, "personal")), 4)
    0.6457
    """
    ratio = (application.income + _OFFSET) / (application.loan_amount + _OFFSET)
    points = _PER_POINT * (application.credit_score - _MIDDLE) + _PER_LOG * log(ratio)
    return 1 / (1 + exp(-(_INTERCEPT + points + PRODUCTS[application.product])))


def is_usual(application: Application) -> bool:
    """Return whether an application is in the range in which nearly all real ones are.

    >>> is_usual(Application(640, 40_000, 15_000, "auto")), is_usual(Application(301, 9e6, 1, "auto"))
    (True, False)
    """
    return (
        450 <= application.credit_score <= 850  # noqa: PLR2004  # in 19 of 20 real ones, as the others
        and 8_000 <= application.income <= 400_000  # noqa: PLR2004
        and 500 <= application.loan_amount <= 10 * application.income  # noqa: PLR2004
    )
