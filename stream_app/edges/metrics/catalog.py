"""Lists every metric that a process can export, from the code that exports it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec
from prometheus_client import CollectorRegistry, Metric

from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.policy import Policy

_MAX_SERIES = 1_000_000  # nothing is exported here, so no policy is rejected


class MetricFact(msgspec.Struct, frozen=True, kw_only=True):
    """One metric.

    Attributes:
        name: Its name in queries; of a histogram without ``_bucket``, ``_sum``, ``_count``.
        kind: ``counter``, ``gauge`` or ``histogram``.
        labels: Names of its labels.
        meaning: Its HELP text.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str

    @property
    def series_names(self) -> tuple[str, ...]:
        """Names of its series in Prometheus."""
        if self.kind != "histogram":
            return (self.name,)
        return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))


def list_metrics(policy: Policy) -> list[MetricFact]:
    """Return all metrics of a worker in the order of ``/metrics``; their names do not depend on the policy.

    >>> from stream_app.policy import load_policy
    >>> [fact.name for fact in list_metrics(load_policy("loans")) if fact.kind == "histogram"]
    ['fairstream_flush_seconds', 'fairstream_event_latency_seconds']
    """
    families = Metrics(CollectorRegistry(), policy, max_series=_MAX_SERIES).collect()
    return [
        MetricFact(
            name=family.name + ("_total" if family.type == "counter" else ""),
            kind=family.type,
            labels=_label_names(family),
            meaning=family.documentation,
        )
        for family in families
    ]


def as_markdown(facts: Iterable[MetricFact]) -> str:
    r"""Return a Markdown table.

    >>> fact = MetricFact(name="fairstream_x_total", kind="counter", labels=("model",), meaning="What | is counted.")
    >>> print(as_markdown([fact]), end="")
    | metric | kind | labels | meaning |
    |---|---|---|---|
    | `fairstream_x_total` | counter | model | What \| is counted. |
    """
    rows = [
        f"| `{fact.name}` | {fact.kind} | {', '.join(fact.labels)} | {fact.meaning.replace('|', chr(92) + '|')} |"
        for fact in facts
    ]
    return "\n".join(["| metric | kind | labels | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _label_names(family: Metric) -> tuple[str, ...]:
    """Return the declared labels, even of a family without rows."""
    return cast("tuple[str, ...]", tuple(getattr(family, "_labelnames", ())))
