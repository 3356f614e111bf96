"""The false-alarm budget of a model in words."""

from __future__ import annotations

from stream_app.policy import ModelPolicy


def budget_text(model: ModelPolicy | None) -> str:
    """Return how many false alarms the detection of a model may give; empty where nothing is tested.

    >>> from stream_app.policy import load_policy
    >>> budget_text(load_policy("loans").models[0]), budget_text(load_policy("cameras").models[0])
    ('0.1 per million decisions', '')
    """
    if model is None or not model.is_tested:
        return ""
    detection = model.detection
    if detection.procedure == "fdr":
        return f"false discovery rate {detection.false_discovery_rate:g}"
    return f"{detection.false_alarms_per_million:g} per million decisions"
