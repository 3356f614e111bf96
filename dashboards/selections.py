"""Variables and annotations that several dashboards share.

On the fairness dashboards only one model and one window can be selected at a time: lines of two models or two windows
on one panel cannot be distinguished, and the band of an interval needs exactly one lower and one upper line. What a
policy declares is offered before the first window has closed.
"""

from __future__ import annotations

from dashboards import palette, promql
from dashboards.board import Annotation, Variable
from dashboards.promql import begins, series

_DECLARED, _SIZES = "threshold_ratio", "window_age_limit_seconds"

MODEL = Variable("model", f"label_values({series(_DECLARED, *promql.JOB_LIVE)}, model)", "model", is_multi=False)
WINDOW = Variable(
    "window",
    f"query_result(sort(max by (window) (last_over_time({series(_SIZES, *promql.OF_MODEL)}[$__range]))))",
    "window",
    is_multi=False,
    regex='/window="([^"]+)"/',  # the smallest is the first, which is the default
)
ATTRIBUTE = Variable(
    "attribute",
    f"label_values({series(_DECLARED, *promql.OF_MODEL)}, attribute)",
    "attribute",
    regex="/^[^+]+$/",
    all_value="[^+]+",
)
CROSSED_ATTRIBUTE = Variable(
    "attribute",
    f"label_values({series('disparate_impact_ratio', *promql.OF_MODEL, promql.CROSSED)}, attribute)",
    "attributes",
    all_value=".+[+].+",
)
_COMPARED = '__name__=~"fairstream_(disparate_impact_ratio|mean_difference_amount)"'
GROUP = Variable(  # those that are compared with a reference, by rate or by mean
    "group",
    f"label_values({{{', '.join((_COMPARED, *promql.OF_WINDOW))}}}, group)",
    "group",
    regex="/^(?!unknown$|__other__$).+/",  # they exist in several attributes at once, and are not tested
)
ANY_MODEL = Variable("model", f"label_values({series('decisions_total', *promql.OF_WORKER)}, model)", "model")
TOPIC = Variable("topic", f"label_values({series('dead_letters_total', *promql.OF_WORKER)}, topic)", "topic")

_OF_SELECTION = f'{promql.MODEL}, attribute=~"|$attribute"'  # some alerts are about a model, not an attribute
_FIRING = f'ALERTS{{alertname=~"Fairness.*", alertstate="firing", {_OF_SELECTION}}}'

BREACHES = Annotation(
    "Breaches",
    f"1000 * max by (attribute, group) ({series('breach_detected_timestamp_seconds', *promql.OF_ATTRIBUTE)})",
    "Breach detected",
    "{{attribute}} {{group}}",
    palette.BREACH,
)
RECOVERIES = Annotation(
    "Recoveries",
    f"1000 * max by (attribute, kind) ({series('alert_recovery_timestamp_seconds', *promql.OF_ATTRIBUTE)})",
    "Recovery",
    "{{attribute}} {{kind}}",
    palette.OK,
)
ALERTS = Annotation(
    "Alerts",
    "1000 * max by (alertname, attribute) "
    f'(ALERTS_FOR_STATE{{alertname=~"Fairness.*", {_OF_SELECTION}}} and ignoring (alertstate) {_FIRING})',
    "{{alertname}}",
    "{{attribute}}",
    palette.LIMIT,
)
POLICY_CHANGES = Annotation(
    "Policy changes",
    begins("group by (policy_hash)", series("policy_info", promql.JOB)),
    "Policy changed",
    "{{policy_hash}}",
    palette.MIX,
    is_sample=True,
)
VERSIONS = Annotation(
    "New versions",
    begins("group by (version)", series("build_info", promql.JOB)),
    "New version",
    "{{version}}",
    palette.VALUE,
    is_sample=True,
)
_REBALANCES = series("rebalances_total", *promql.OF_WORKER)
REBALANCES = Annotation(
    "Rebalances",
    f"sum(increase({_REBALANCES}[$__rate_interval])) > 0 unless "
    f"sum(increase({_REBALANCES}[$__rate_interval] offset $__interval)) > 0",
    "Rebalance",
    "partitions moved between workers",
    palette.INSUFFICIENT,
    is_sample=True,
)
