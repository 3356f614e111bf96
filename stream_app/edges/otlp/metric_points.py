"""A snapshot of the metrics in the data model of OpenTelemetry: the numbers that ``/metrics`` shows, unchanged.

The mapping is that of OpenTelemetry's specification, "Prometheus and OpenMetrics Compatibility": names and labels stay
as they are, ``_total`` included, so that queries find the same series over both ways; a counter is a cumulative
monotonic sum, a gauge a gauge, a histogram one with explicit bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import prometheus_client
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)
from prometheus_client.samples import Sample

_CUMULATIVE = AggregationTemporality.CUMULATIVE
_UNITS = {"_seconds": "s", "_bytes": "By"}  # by the end of a name; of others the name says all
_UNKNOWN = cast(float, None)  # smallest and largest value of a histogram; the encoder leaves out None


def metric_points(families: Iterable[prometheus_client.Metric], started_ns: int, now_ns: int) -> Iterator[Metric]:
    """Return the metrics of a snapshot that have rows.

    Args:
        families: Counters, gauges and histograms.
        started_ns: When the counters started to count, nanoseconds since the epoch.
        now_ns: When the snapshot was taken.
    """
    for family in families:
        if not family.samples:
            continue
        name, data = family.name, _data_of(family, started_ns, now_ns)
        unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
        yield Metric(name + ("_total" if family.type == "counter" else ""), family.documentation, unit, data)


def _data_of(family: prometheus_client.Metric, started_ns: int, now_ns: int) -> Sum | Gauge | Histogram:
    if family.type == "histogram":
        return Histogram(list(_histogram_points(family.samples, started_ns, now_ns)), _CUMULATIVE)
    points = [NumberDataPoint(sample.labels, started_ns, now_ns, float(sample.value)) for sample in family.samples]
    return Sum(points, _CUMULATIVE, is_monotonic=True) if family.type == "counter" else Gauge(points)


def _histogram_points(samples: Iterable[Sample], started_ns: int, now_ns: int) -> Iterator[HistogramDataPoint]:
    """Return the rows of a histogram, whose samples come row by row: the buckets by bound, the count, the sum."""
    buckets: list[Sample] = []
    for sample in samples:
        if sample.name.endswith("_bucket"):
            buckets.append(sample)
        elif sample.name.endswith("_sum"):
            cumulative = [int(bucket.value) for bucket in buckets]
            yield HistogramDataPoint(
                attributes=sample.labels,
                start_time_unix_nano=started_ns,
                time_unix_nano=now_ns,
                count=cumulative[-1],
                sum=float(sample.value),
                bucket_counts=[n - before for before, n in zip([0, *cumulative], cumulative, strict=False)],
                explicit_bounds=[float(bucket.labels["le"]) for bucket in buckets[:-1]],  # the last one is infinity
                min=_UNKNOWN,
                max=_UNKNOWN,
            )
            buckets = []
