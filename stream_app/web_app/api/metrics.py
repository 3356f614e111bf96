"""The metrics of the API: which tokens ask the scoring model like somebody who wants a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily

from stream_app.web_app.api.scoring.extraction import Signal

SUSPECTED = "fairstream_model_extraction_level"
LABELS = ("token", "signal")


def extraction_levels(suspected: Mapping[str, Iterable[Signal]]) -> GaugeMetricFamily:
    """Return a series for each token that has asked in the last 24 hours and each signal: 1 if it is there, else 0."""
    text = "Whether a pattern of queries to the scoring model suggests a copy: 1, else 0."
    family = GaugeMetricFamily(SUSPECTED, text, labels=LABELS)
    for token, signals in sorted(suspected.items()):
        for signal in Signal:
            family.add_metric([token, signal.value], float(signal in signals))
    return family
