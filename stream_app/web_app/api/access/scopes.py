"""What a token may do, and which role may do what: nothing that is not listed here."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from stream_app.web_app.accounts.roles import Role


class Scope(enum.StrEnum):
    """One right."""

    RESULTS = "results"  # results of windows, and the explanation of each
    ALERTS = "alerts"  # breaches and recoveries
    POLICIES = "policies"  # what is monitored, with which limits
    FAIRNESS = "fairness"  # the two scenarios of the original specification
    METRICS = "metrics"  # metrics of the API, for Prometheus
    SCORE = "score"  # scores of the demo's model
    AUDIT = "audit"  # the newest entries of the audit log


_READING = frozenset({Scope.RESULTS, Scope.ALERTS, Scope.POLICIES, Scope.FAIRNESS, Scope.METRICS})
ALLOWED: dict[Role, frozenset[Scope]] = {
    Role.VIEWER: _READING,
    Role.ANALYST: _READING | {Scope.SCORE},
    Role.AUDITOR: _READING | {Scope.AUDIT},
    Role.ADMINISTRATOR: _READING,  # makes tokens, and reads no audit log
}


def effective_scopes(role: str, scopes: Iterable[str]) -> frozenset[str]:
    """Return what a token may do: of its scopes those that its role has today.

    >>> sorted(effective_scopes("viewer", ["results", "audit"])), sorted(effective_scopes("nobody", ["results"]))
    (['results'], [])
    """
    allowed = ALLOWED[Role(role)] if role in {*Role} else frozenset()
    return frozenset(scopes) & allowed
