"""What the published counts of the newest day have cost, as their records say."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from stream_app.policy import ModelPolicy
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.projection.models import CameraWindow
from stream_app.web_app.projection.quality import DAY_S


class BudgetFacts(NamedTuple):
    """The budget of the newest day with published counts.

    Attributes:
        day: Start of the day.
        spent: Epsilon that is spent.
        budget: Most epsilon of a day.
        is_bound: Whether ``spent`` is an upper bound: the day was published under several policies, and those that
            publish in the same way cost once.
        renews: When there is a budget again.
        is_exhausted: Whether windows of this day were not published for lack of budget.
    """

    day: str
    spent: str
    budget: str
    is_bound: bool
    renews: str
    is_exhausted: bool


def budget_of(model: ModelPolicy) -> BudgetFacts | None:
    """Return the budget of the newest day; None for a model without noise, and before anything was published."""
    noise = None if model.publication is None else model.publication.noise
    newest = CameraWindow.objects.filter(model=model.name).order_by("-end_s", "-id").first()
    if noise is None or newest is None:
        return None
    day_s = newest.start_s // DAY_S * DAY_S
    of_day = CameraWindow.objects.filter(model=model.name, start_s__gte=day_s, start_s__lt=day_s + DAY_S)
    paid = of_day.filter(is_over_budget=False).exclude(epsilon="")
    costs = [*paid.order_by().values_list("policy_hash", "epsilon").distinct()]
    budget = Fraction(noise.budget)
    spent = min(budget, spent_by(epsilon for _, epsilon in costs))
    return BudgetFacts(
        day=utc_text(day_s),
        spent=f"{float(spent):g}",
        budget=f"{float(budget):g}",
        is_bound=len(costs) > 1,
        renews=utc_text(day_s + DAY_S),
        is_exhausted=of_day.filter(is_over_budget=True).exists(),
    )


def spent_by(epsilons: Iterable[str]) -> Fraction:
    """Return the sum of costs, which are fractions as text; what is none costs nothing.

    >>> spent_by(["1/2", "0.25", "x", "1/0"])
    Fraction(3, 4)
    """
    total = Fraction(0)
    for epsilon in epsilons:
        try:
            total += Fraction(epsilon)
        except (ValueError, ZeroDivisionError):
            continue
    return total
