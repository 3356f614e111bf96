"""Counters, gauges and histograms as plain tables that a collector reads at scrape time.

Rows are written and *removed* by their owner: a gauge of a partition that moved to another worker must disappear here
(prometheus_client's own gauges keep the last value permanently). No ``_created`` series are made. Not thread-safe: the
collector has the lock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

Labels = tuple[str, ...]


class Counter:
    """A number that only grows.

    Args:
        name: Full name without ``_total``.
        help_text: What it counts.
        labels: Names of the labels.
    """

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        self._name, self._help, self._labels = name, help_text, labels
        self._rows: dict[Labels, float] = {}

    def add(self, labels: Labels, n: float = 1) -> None:
        """Add ``n``; 0 exports a known row before anything has happened."""
        self._rows[labels] = self._rows.get(labels, 0) + n

    def family(self) -> CounterMetricFamily:
        """Return all rows."""
        family = CounterMetricFamily(self._name, self._help, labels=self._labels)
        for labels, value in self._rows.items():
            family.add_metric(labels, value)
        return family


class Gauge:
    """A number that goes up and down and can be removed.

    Args:
        name: Full name.
        help_text: What it measures.
        labels: Names of the labels.
    """

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        self._name, self._help, self._labels = name, help_text, labels
        self._rows: dict[Labels, float] = {}

    def set(self, labels: Labels, value: float) -> None:
        """Write one row."""
        self._rows[labels] = value

    def drop(self, *prefix: str) -> None:
        """Remove all rows whose first labels are these."""
        for labels in [labels for labels in self._rows if labels[: len(prefix)] == prefix]:
            del self._rows[labels]

    def rows(self) -> Mapping[Labels, float]:
        """Return all rows, read-only."""
        return self._rows

    def family(self) -> GaugeMetricFamily:
        """Return all rows."""
        family = GaugeMetricFamily(self._name, self._help, labels=self._labels)
        for labels, value in self._rows.items():
            family.add_metric(labels, value)
        return family


class Histogram:
    """Counts of values by range.

    Args:
        name: Full name.
        help_text: What is measured.
        labels: Names of the labels.
        bounds: Upper bounds of the buckets, rising, without infinity.
    """

    def __init__(self, name: str, help_text: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._name, self._help, self._labels, self._bounds = name, help_text, labels, bounds
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, labels: Labels, value: float, n: int = 1) -> None:
        """Count ``value`` ``n`` times; 0 exports a known row."""
        buckets = self._buckets.setdefault(labels, [0] * (len(self._bounds) + 1))
        buckets[bisect_left(self._bounds, value)] += n
        self._sums[labels] = self._sums.get(labels, 0.0) + value * n

    def family(self) -> HistogramMetricFamily:
        """Return all rows, cumulative as the format requires."""
        family = HistogramMetricFamily(self._name, self._help, labels=self._labels)
        names = [*(f"{bound:g}" if bound % 1 else f"{bound:.1f}" for bound in self._bounds), "+Inf"]
        for labels, buckets in self._buckets.items():
            cumulative = [sum(buckets[: place + 1]) for place in range(len(buckets))]
            family.add_metric(labels, list(zip(names, cumulative, strict=True)), self._sums[labels])
        return family
