"""What a worker exports about one model, for tests of rules: every fairness metric, with values that fit together."""

from __future__ import annotations

import time

from tests.support.servers.alerting import Row

Families = dict[str, list[Row]]

WINDOW = "5m"
AGE_LIMIT_S = 970.0
RATIO, GAP, MEAN = "disparate_impact_ratio", "gap", "mean_difference"
OK, WARNING, BREACH = 0.0, 2.0, 3.0


def process_rows() -> Families:
    """Return what every worker exports, whatever lanes it has."""
    return {
        "fairstream_build_info": [({"version": "1.2.3", "python": "3.13.7"}, 1.0)],
        "fairstream_policy_info": [({"policy_hash": "sha256:0123abcd", "policy": "loans"}, 1.0)],
    }


def level_rows(model: str, about: str = "decisions", *, level: float) -> Families:
    """Return the level of the incident of a model's gender."""
    labels = {"model": model, "attribute": "gender", "about": about}
    return {"fairstream_incident_level": [(labels, level)]}


def breach_rows(model: str, end_s: float, kind: str = RATIO) -> Families:
    """Return the facts of a breach that began 900 seconds before ``end_s``, for women and for a subgroup of them."""
    about = {RATIO: "decisions", GAP: "decisions", MEAN: "decisions", "score": "scores"}.get(kind, "outcomes")
    verdicts = {
        RATIO: "female approved 62% as often as male; limit 80%",
        GAP: "approval rate of female 27 percentage points below male; limit 20",
        MEAN: "female worse off: mean rate 0.703 higher than male; limit 0.25",
    }
    pair = {"model": model, "attribute": "gender", "kind": kind, "group": "female"}
    info = {"about": about, "incident": "gender", "reference": "male", "test": "ratio_low", "policy_hash": "0123abcd"}
    words = {
        "verdict": verdicts.get(kind, f"share of high scores of female 27 percentage points below male ({kind})"),
        "cause": "mainly different decisions within the same segment (-21.6 percentage points), most in home (-12.0)",
    }
    crossed = pair | {"attribute": "gender+race", "group": "female & black"}
    crossed_words = {"verdict": "female & black approved 40% as often as male & white; limit 80%", "cause": ""}
    values = {
        "mean_amount": 9.226,
        "reference_mean_amount": 8.523,
        "mean_difference_amount": 0.703,
        "mean_difference_amount_lower": 0.532,
        "mean_difference_amount_upper": 0.873,
    }
    rates = {
        "disparate_impact_ratio": 0.62,
        "disparate_impact_ratio_lower": 0.551,
        "disparate_impact_ratio_upper": 0.699,
        "gap_ratio": -0.266,
        "gap_ratio_lower": -0.301,
        "gap_ratio_upper": -0.231,
    }
    facts = {
        "evidence_log10": 23.9,
        "evidence_threshold_log10": 8.7,
        **(values if kind == MEAN else rates),
        "decisions": 2500.0,
        "onset_timestamp_seconds": end_s - 900,
        "onset_earliest_timestamp_seconds": end_s - 960,
        "onset_latest_timestamp_seconds": end_s - 900,
        "detected_timestamp_seconds": end_s - 60,
    }
    rows: Families = {f"fairstream_breach_{name}": [(pair, value)] for name, value in facts.items()}
    rows["fairstream_breach_rank"] = [(pair | info | words, 1.0), (crossed | info | crossed_words, 2.0)]
    return rows


def model_rows(model: str, *, level: float, kind: str = RATIO, age_s: float = 0.0) -> Families:
    """Return the rows of a model that approves women at 0.434 and men at 0.7 in a breach, else at 0.7 as well.

    The newest window ended before the breach began: it says that all is well.

    Args:
        model: Its name.
        level: Level of its only incident.
        kind: The limit that is broken.
        age_s: How long ago the newest window ended.
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
        "approval_ratio": [(female, 0.7), (male, 0.7)],
        "disparate_impact_ratio": [(female, 1.01)],
        "disparate_impact_ratio_lower": [(female, 0.98)],
        "disparate_impact_ratio_upper": [(female, 1.04)],
        "approval_gap_ratio": [(female, 0.007)],
        "approval_gap_ratio_lower": [(female, -0.01)],
        "approval_gap_ratio_upper": [(female, 0.02)],
        "evidence_log10": [(attribute | {"group": "female", "test": "ratio_low"}, 8.2)],
        "evidence_threshold_log10": [(attribute | {"test": "ratio_low"}, 5.0)],
        "alert_onset_timestamp_seconds": [(attribute | {"kind": RATIO}, end_s - 900)],
    }
    about = "scores" if kind == "score" else "decisions"
    families = {f"fairstream_{name}": samples for name, samples in rows.items()} | level_rows(model, about, level=level)
    return families | (breach_rows(model, end_s, kind) if level == BREACH else {})


def hours_rows(model: str, *, ratios: dict[str, float]) -> Families:
    """Return the hours of areas of a model in its newest window: the ratio of each level to the reference.

    Args:
        model: Its name.
        ratios: Ratio of the means of areas, and of totals, by level; above 1.5 it is beyond the limit.
    """
    attribute = {"model": model, "attribute": "income"}
    window = attribute | {"window": WINDOW}
    levels = {level: window | {"group": level} for level in ratios}
    return {
        "fairstream_window_age_limit_seconds": [({"model": model, "window": WINDOW}, AGE_LIMIT_S)],
        "fairstream_hours_limit_ratio": [({"model": model}, 1.5)],
        "fairstream_hours_window_end_timestamp_seconds": [(window, float(int(time.time())))],
        "fairstream_hours_over": [(levels[level], float(ratio > 1.5)) for level, ratio in ratios.items()],
        "fairstream_hours_ratio": [
            (levels[level] | {"of": of}, ratio) for level, ratio in ratios.items() for of in ("means", "totals")
        ],
    }
