"""What a worker exports about one model, for tests of rules: every fairness metric, with values that fit together."""

from __future__ import annotations

import time

from tests.support.servers.alerting import Row

Families = dict[str, list[Row]]

WINDOW = "5m"
AGE_LIMIT_S = 970.0
RATIO, GAP = "disparate_impact_ratio", "gap"


def process_rows() -> Families:
    """Return what every worker exports, whatever lanes it has."""
    return {
        "fairstream_build_info": [({"version": "1.2.3", "python": "3.13.7"}, 1.0)],
        "fairstream_policy_info": [({"policy_hash": "sha256:0123abcd"}, 1.0)],
    }


def level_rows(model: str, **levels: float) -> Families:
    """Return the alert levels of a model's gender, by kind of limit."""
    labels = {"model": model, "attribute": "gender", "window": WINDOW}
    return {"fairstream_alert_level": [(labels | {"kind": kind}, level) for kind, level in levels.items()]}


def model_rows(model: str, *, age_s: float = 0.0, **levels: float) -> Families:
    """Return the rows of a model that approves women at 0.434 and men at 0.7.

    Args:
        model: Its name.
        age_s: How long ago the newest window ended.
        levels: Alert level by kind of limit.
    """
    end_s = float(int(time.time() - age_s))
    attribute = {"model": model, "attribute": "gender"}
    female = attribute | {"window": WINDOW, "group": "female"}
    male = female | {"group": "male"}
    rows: dict[str, list[Row]] = {
        "window_age_limit_seconds": [({"model": model, "window": WINDOW}, AGE_LIMIT_S)],
        "window_end_timestamp_seconds": [(attribute | {"window": WINDOW}, end_s)],
        "watermark_timestamp_seconds": [({"model": model}, end_s)],
        "reference_info": [(attribute | {"reference": "male"}, 1.0)],
        "threshold_ratio": [(attribute | {"kind": RATIO}, 0.8), (attribute | {"kind": GAP}, 0.2)],
        "window_decisions": [(female, 2500.0), (male, 2600.0)],
        "approval_ratio": [(female, 0.434), (male, 0.7)],
        "disparate_impact_ratio": [(female, 0.62)],
        "disparate_impact_ratio_lower": [(female, 0.551)],
        "disparate_impact_ratio_upper": [(female, 0.699)],
        "approval_gap_ratio": [(female, -0.266)],
        "approval_gap_ratio_lower": [(female, -0.301)],
        "approval_gap_ratio_upper": [(female, -0.231)],
        "evidence_log10": [(attribute | {"group": "female", "test": "ratio_low"}, 8.2)],
        "evidence_threshold_log10": [(attribute | {"test": "ratio_low"}, 5.0)],
        "alert_onset_timestamp_seconds": [(attribute | {"kind": RATIO}, end_s - 900)],
        "cause_rate_ratio": [(female, -0.216)],
        "cause_mix_ratio": [(female, -0.05)],
        "cause_segment_ratio": [(female | {"segment": "home", "part": "rate"}, -0.12)],
        "feature_difference_ratio": [(female | {"feature": "credit_score"}, -0.2)],
        "shortfall_ratio": [(female, 0.126)],
    }
    return {f"fairstream_{name}": samples for name, samples in rows.items()} | level_rows(model, **levels)
