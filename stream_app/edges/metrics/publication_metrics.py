"""How counts are published: exactly or with noise, what that has cost, and what the bounds left out."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from prometheus_client import Metric

from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.records.aggregates import EXACT, LAPLACE
from stream_app.policy import ModelPolicy, Policy


class PublicationMetrics:
    """Rows about the models whose counts are published.

    Args:
        policy: The policy that is applied.
    """

    def __init__(self, policy: Policy) -> None:
        self._info = Gauge(
            "fairstream_publication_info",
            "How the counts of a model are published: with which noise, and for how much epsilon a day.",
            ("model", "noise", "epsilon"),
        )
        self._left = Gauge(
            "fairstream_epsilon_left_ratio",
            "Share of the budget of epsilon that is left for the newest day with published counts.",
            ("model",),
        )
        self._renewal = Gauge(
            "fairstream_epsilon_renewal_timestamp_seconds",
            "When that day ends and the next one has a budget of its own, event time.",
            ("model",),
        )
        self._over_budget = Counter(
            "fairstream_windows_over_budget",
            "Windows of which nothing was published, because the budget of their day is spent.",
            ("model",),
        )
        self._bounded = Counter(
            "fairstream_bounded_events",
            "Events of tracks that had counted in as many cells of the day as they may.",
            ("model",),
        )
        self._budgets: dict[str, Fraction] = {}
        for model in policy.models:
            self.follow(model)

    def follow(self, model: ModelPolicy) -> None:
        """Show a model by this policy from now on."""
        if model.kind != "counts":
            return
        noise = None if model.publication is None else model.publication.noise
        self._info.drop(model.name)
        self._info.set((model.name, LAPLACE if noise else EXACT, noise.epsilon if noise else ""), 1)
        self._budgets.pop(model.name, None)
        if noise is not None:
            self._budgets[model.name] = Fraction(noise.budget)
        self._over_budget.add((model.name,), 0)
        self._bounded.add((model.name,), 0)

    def ingested(self, model: str, n_bounded: int) -> None:
        """Add what the bound of contributions left out."""
        if n_bounded:
            self._bounded.add((model,), n_bounded)

    def judged(self, model: str, report: ModelReport) -> None:
        """Add what the budget left out, and show what is left of it."""
        if report.n_over_budget:
            self._over_budget.add((model,), report.n_over_budget)
        if report.budget is not None and model in self._budgets:
            self._left.set((model,), report.budget.left / float(self._budgets[model]))
            self._renewal.set((model,), report.budget.renews_s)

    def drop(self, model: str) -> None:
        """Show no budget of a model that another process judges."""
        self._left.drop(model)
        self._renewal.drop(model)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        for instrument in (self._info, self._left, self._renewal, self._over_budget, self._bounded):
            yield instrument.family()
