"""Parts of queries.

Every live query selects ``run=""``: series that a replay wrote into the same Prometheus have a run and must not mix
with live values. Values of one owner are joined with ``max by``: each label set has one owner, and the owning worker
may change.
"""

from __future__ import annotations

JOB, LIVE, REPLAYED = 'job=~"$job"', 'run=""', 'run=~"$run"'
INSTANCE = 'instance=~"$instance"'
MODEL, ATTRIBUTE, WINDOW, GROUP = 'model=~"$model"', 'attribute=~"$attribute"', 'window=~"$window"', 'group=~"$group"'
PLAIN, CROSSED = 'attribute!~".*[+].*"', 'attribute=~".+[+].+"'  # an intersection is named "gender+race"

JOB_LIVE = (JOB, LIVE)
OF_MODEL = (*JOB_LIVE, MODEL)
OF_ATTRIBUTE = (*OF_MODEL, ATTRIBUTE)
OF_WINDOW = (*OF_ATTRIBUTE, WINDOW)
OF_GROUP = (*OF_WINDOW, GROUP)
OF_ANY_WINDOW = (*OF_ATTRIBUTE, GROUP)
OF_WORKER = (JOB, INSTANCE)
OF_WORKER_MODEL = (*OF_WORKER, MODEL)
OF_WORKER_TOPIC = (*OF_WORKER, 'topic=~"$topic"')


def series(metric: str, *matchers: str) -> str:
    """Return a selector.

    >>> series("approval_ratio", JOB, LIVE)
    'fairstream_approval_ratio{job=~"$job", run=""}'
    """
    return f"fairstream_{metric}{{{', '.join(matchers)}}}"


def owned(metric: str, by: str, *matchers: str) -> str:
    """Return the values of a gauge, whichever worker owns them.

    >>> owned("approval_ratio", "group", JOB)
    'max by (group) (fairstream_approval_ratio{job=~"$job"})'
    """
    return f"max by ({by}) ({series(metric, *matchers)})"


def speed(metric: str, by: str, *matchers: str) -> str:
    """Return the rate of a counter per second, over all workers.

    >>> speed("decisions_total", "model", JOB)
    'sum by (model) (rate(fairstream_decisions_total{job=~"$job"}[$__rate_interval]))'
    """
    return f"sum by ({by}) (rate({series(metric, *matchers)}[$__rate_interval]))"


def grown(metric: str, by: str, *matchers: str) -> str:
    """Return the increase of a counter in the selected time range, over all workers.

    >>> grown("decisions_total", "model", JOB)
    'sum by (model) (increase(fairstream_decisions_total{job=~"$job"}[$__range]))'
    """
    return f"sum by ({by}) (increase({series(metric, *matchers)}[$__range]))"


def quantile(share: float, metric: str, by: str, *matchers: str) -> str:
    """Return a quantile of a histogram, over all workers."""
    rate = f"rate({series(metric + '_bucket', *matchers)}[$__rate_interval])"
    return f"histogram_quantile({share}, sum by (le, {by}) ({rate}))"
