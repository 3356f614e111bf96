"""FairStream for Python, to monitor the fairness of automated decisions from counts, from Kafka and in notebooks.
The names here are the public API; everything else may change. ``metrics`` has fairness metrics of decisions,
``outcomes`` and ``inequality`` those of decisions whose outcome is known, ``conventions`` converts to other tools,
``intervals`` has confidence intervals and confidence sequences, ``detectors`` the sequential detectors, ``causes`` the
explanation of a gap. ``detection`` runs the detectors over a DataFrame of counts. ``live`` reads published results and
alerts from Kafka, ``replays`` judges a time range of the log again. ``frames`` declares the columns of all DataFrames,
``notifications`` reads what Alertmanager sends, ``fernet`` has functions under the names of the FairLens specification,
``testing`` has seeded streams and in-memory harnesses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fairstream.causes import Cause, explain
from fairstream.conventions import to_clarify, to_fairlearn_odds, to_fairlearn_parity
from fairstream.detectors import (
    DetectorBank,
    RateBank,
    RateRule,
    RuleKind,
    evidence_outside,
    log_thresholds,
    parse_rule,
    report_by_ebh,
)
from fairstream.inequality import Inequality, generalized_entropy_index, theil_index
from fairstream.intervals import (
    Interval,
    clopper_pearson,
    gap_sequence,
    koopman,
    miettinen_nurminen,
    newcombe,
    rate_sequence,
    ratio_sequence,
    wilson,
)
from fairstream.metrics import (
    Disparity,
    GroupCount,
    ImpactRatios,
    approval_rate,
    conditional_demographic_disparity,
    disparate_impact_ratio,
    impact_ratios,
    population_stability_index,
    shortfall,
    statistical_parity_difference,
    worst_hit,
)
from fairstream.outcomes import (
    ConfusionCount,
    Measurement,
    average_odds_difference,
    equal_opportunity_difference,
    equal_opportunity_ratio,
    failure_rate,
    failure_rate_difference,
    false_positive_rate,
    false_positive_rate_difference,
    positive_predictive_value,
    predictive_parity_difference,
    true_positive_rate,
)
from stream_app import __version__
from stream_app.errors import (
    BrokerUnavailableError,
    ConfigError,
    DependencyMissingError,
    FairStreamError,
    KeyFileError,
    PolicyError,
    ReplayError,
    StateError,
    TopicError,
)
from stream_app.policy import Policy, load_policy, parse_policy

if TYPE_CHECKING:
    from fairstream import notifications, testing
    from fairstream.detection import Detection, detect
    from fairstream.live import alerts, amount_results, outcome_results, results
    from fairstream.replays import ReplayResult, replay

__all__ = [
    "BrokerUnavailableError",
    "Cause",
    "ConfigError",
    "ConfusionCount",
    "DependencyMissingError",
    "Detection",
    "DetectorBank",
    "Disparity",
    "FairStreamError",
    "GroupCount",
    "ImpactRatios",
    "Inequality",
    "Interval",
    "KeyFileError",
    "Measurement",
    "Policy",
    "PolicyError",
    "RateBank",
    "RateRule",
    "ReplayError",
    "ReplayResult",
    "RuleKind",
    "StateError",
    "TopicError",
    "__version__",
    "alerts",
    "amount_results",
    "approval_rate",
    "average_odds_difference",
    "clopper_pearson",
    "conditional_demographic_disparity",
    "detect",
    "disparate_impact_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "evidence_outside",
    "explain",
    "failure_rate",
    "failure_rate_difference",
    "false_positive_rate",
    "false_positive_rate_difference",
    "gap_sequence",
    "generalized_entropy_index",
    "impact_ratios",
    "koopman",
    "load_policy",
    "log_thresholds",
    "miettinen_nurminen",
    "newcombe",
    "notifications",
    "outcome_results",
    "parse_policy",
    "parse_rule",
    "population_stability_index",
    "positive_predictive_value",
    "predictive_parity_difference",
    "rate_sequence",
    "ratio_sequence",
    "replay",
    "report_by_ebh",
    "results",
    "shortfall",
    "statistical_parity_difference",
    "testing",
    "theil_index",
    "to_clarify",
    "to_fairlearn_odds",
    "to_fairlearn_parity",
    "true_positive_rate",
    "wilson",
    "worst_hit",
]

# What needs more than numpy is imported at its first use, so that `import fairstream` stays fast.
_MODULE_OF = {
    "Detection": "fairstream.detection",
    "detect": "fairstream.detection",
    "alerts": "fairstream.live",
    "amount_results": "fairstream.live",
    "outcome_results": "fairstream.live",
    "results": "fairstream.live",
    "ReplayResult": "fairstream.replays",
    "replay": "fairstream.replays",
}
_SUBMODULES = ("notifications", "testing")


if not TYPE_CHECKING:  # a type checker would take it for a promise that every name exists

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return import_module(f"fairstream.{name}")
        if name not in _MODULE_OF:
            raise AttributeError(f"module 'fairstream' has no attribute {name!r}")
        value = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
