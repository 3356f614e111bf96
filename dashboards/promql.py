"""Parts of queries.

Every live query selects ``run=""``: series that a replay wrote into the same Prometheus have a run and must not mix
with live values. Values of one owner are joined with ``max by``: each label set has one owner, and the owning worker
may change.
"""

from __future__ import annotations

from dashboards import palette

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


def placed(expr: str) -> str:
    """Return values of declared groups with the position of the group; 0 is a reference group.

    While workers have different policies a group may have two positions; one of them is taken.
    """
    positions = series("group_info", *OF_ATTRIBUTE)
    return f"{expr} * on (attribute, group) group_left (position) topk by (attribute, group) (1, {positions})"


def level(by: str, *matchers: str) -> str:
    """Return the worst state, or -1 where limits are declared and no window has closed yet."""
    return f"{owned('alert_level', by, *matchers)} or {owned('threshold_ratio', by, *matchers)} * 0 - 1"


def worse_side(ratio: str) -> str:
    """Return a ratio from the side of those who are worse off: at most 1.

    >>> worse_side("x")
    '(x <= 1 or 1 / x)'
    """
    return f"({ratio} <= 1 or 1 / {ratio})"


def smallest_window(expr: str) -> str:
    """Return the values, which have the label window, of the smallest window of the selected model."""
    sizes = series("window_age_limit_seconds", *OF_MODEL)
    return f"{expr} and on (window) bottomk(1, max by (window) ({sizes}))"


def begins(grouped: str, selector: str) -> str:
    """Return one sample when a vector appears, of value 1; none at the first scrape ever.

    Args:
        grouped: ``group by (...)``.
        selector: What appears.

    >>> begins("group by (a)", "x")
    '(group by (a) (x) unless group by (a) (x offset $__interval)) and on () group(x offset $__interval)'
    """
    before = f"{selector} offset $__interval"
    return f"({grouped} ({selector}) unless {grouped} ({before})) and on () group({before})"


def in_words(expr: str) -> str:
    """Replace the label ``kind`` of a limit by words."""
    for kind, words in palette.KINDS.items():
        if kind != words:
            expr = f'label_replace({expr}, "kind", "{words}", "kind", "{kind}")'
    return expr


def speed(metric: str, by: str, *matchers: str) -> str:
    """Return the rate of a counter per second, over all workers.

    >>> speed("decisions_total", "model", JOB)
    'sum by (model) (rate(fairstream_decisions_total{job=~"$job"}[$__rate_interval]))'
    """
    return f"sum by ({by}) (rate({series(metric, *matchers)}[$__rate_interval]))"


def per_minute(metric: str, by: str, *matchers: str) -> str:
    """Return the rate of a counter per minute, for what happens less than once a second."""
    return f"60 * {speed(metric, by, *matchers)}"


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
