"""Who asks a scoring model: honest users, and those who copy it by attacks that have been published."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product

import numpy as np

from stream_app.web_app.api.scoring.model import CUT, PRODUCTS, Application, probability

NAMES = list(PRODUCTS)


def applicants(seed: int, *, step: float = 500.0, scenarios: float = 0.3) -> Iterator[Application]:
    """Yield real applications: round numbers, and some applicants who try other amounts."""
    draws = np.random.default_rng(seed)
    for _ in count():
        points = int(np.clip(draws.normal(680, 70), 300, 850))
        income = float(np.clip(round(draws.lognormal(10.7, 0.45) / step) * step, 8_000, 400_000))
        name = NAMES[draws.choice(4, p=[0.3, 0.35, 0.25, 0.1])]
        share = {"auto": 0.4, "home": 3.0, "personal": 0.25, "student": 0.5}[name]
        for _ in range(1 + (draws.integers(1, 3) if draws.random() < scenarios else 0)):
            amount = float(max(500.0, round(income * share * draws.lognormal(0, 0.5) / step) * step))
            yield Application(points, income, min(amount, 9 * income), name)


def batch(seed: int) -> Iterator[Application]:
    """Yield the applications of one branch: many near one another, all for one product, some asked again."""
    draws = np.random.default_rng(seed)
    seen: list[Application] = []
    for query in applicants(seed, step=1000.0):
        seen.append(query._replace(product="home"))
        yield seen[-1] if draws.random() < 0.8 else seen[draws.integers(len(seen))]


def grid(seed: int) -> Iterator[Application]:
    """Yield the points of a regular grid, in random order."""
    points = [
        Application(*values)
        for values in product(
            range(400, 850, 50), np.linspace(10_000, 200_000, 8).tolist(), [5e3, 2e4, 5e4, 1e5], NAMES
        )
    ]
    np.random.default_rng(seed).shuffle(points)
    yield from points


def sweep(seed: int) -> Iterator[Application]:
    """Yield neighbors along one number after the other, from random bases: finite differences."""
    draws = np.random.default_rng(seed)
    for base in applicants(seed, scenarios=0.0):
        for factor in (0.9, 1.1, 1.2, 1.3):
            yield base._replace(income=base.income * factor)
            yield base._replace(loan_amount=base.loan_amount * factor)
        yield from (base._replace(credit_score=points) for points in draws.integers(300, 850, 4).tolist())


def bisection(seed: int) -> Iterator[Application]:
    """Yield the steps of searches for the boundary, between an approved and a denied application (Lowd and Meek)."""
    draws = np.random.default_rng(seed)
    while True:
        low = Application(int(draws.integers(450, 600)), float(draws.uniform(8e3, 3e4)), 1e5, NAMES[draws.integers(4)])
        high = low._replace(income=3e5, loan_amount=float(draws.uniform(500, 5e3)), credit_score=850)
        for _ in range(16):
            middle = low._replace(
                credit_score=(low.credit_score + high.credit_score) // 2,
                income=(low.income + high.income) / 2,
                loan_amount=(low.loan_amount + high.loan_amount) / 2,
            )
            yield middle
            low, high = (low, middle) if probability(middle) >= CUT else (middle, high)


def boundary_samples(seed: int) -> Iterator[Application]:
    """Yield applications that a first copy finds hard: real ones near the boundary (active learning)."""
    for query in applicants(seed):
        if abs(probability(query) - CUT) < 0.08:
            yield query


def uniform(seed: int) -> Iterator[Application]:
    """Yield random points of all that is accepted."""
    draws = np.random.default_rng(seed)
    while True:
        income, amount = draws.uniform(0, 1e7, 2).tolist()
        yield Application(int(draws.integers(300, 851)), income, amount, NAMES[draws.integers(4)])


HONEST = {"applicants": applicants, "batch": batch}
ATTACKS = {
    "grid": grid,
    "sweep": sweep,
    "bisection": bisection,
    "boundary_samples": boundary_samples,
    "uniform": uniform,
}
