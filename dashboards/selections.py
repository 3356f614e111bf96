"""Variables and annotations that several dashboards share.

On the fairness dashboards only one model and one window can be selected at a time: lines of two models or two windows
on one panel cannot be distinguished, and the band of an interval needs exactly one lower and one upper line.
"""

from __future__ import annotations

from dashboards import palette, promql
from dashboards.board import Annotation, Variable
from dashboards.promql import series

_WINDOW_END = "window_end_timestamp_seconds"

MODEL = Variable("model", f"label_values({series(_WINDOW_END, *promql.JOB_LIVE)}, model)", "model", is_multi=False)
WINDOW = Variable("window", f"label_values({series(_WINDOW_END, *promql.OF_MODEL)}, window)", "window", is_multi=False)
ATTRIBUTE = Variable(
    "attribute",
    f"label_values({series(_WINDOW_END, *promql.OF_MODEL)}, attribute)",
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
GROUP = Variable(
    "group",
    f"label_values({series('disparate_impact_ratio', *promql.OF_WINDOW)}, group)",
    "group",
    regex="/^(?!unknown$|__other__$).+/",  # they exist in several attributes at once, and are not tested
)
ANY_MODEL = Variable("model", f"label_values({series('decisions_total', *promql.OF_WORKER)}, model)", "model")
TOPIC = Variable("topic", f"label_values({series('dead_letters_total', *promql.OF_WORKER)}, topic)", "topic")

_POLICY = f"group by (policy_hash) ({series('policy_info', promql.JOB)}"
_BUILD = f"group by (version) ({series('build_info', promql.JOB)}"

ALERTS = Annotation(
    "Alerts",
    'max by (alertname, model, attribute) (ALERTS{alertstate="firing", alertname=~"Fairness.*"}) == bool 1',
    "{{alertname}}",
    "{{model}} {{attribute}}",
    palette.BREACH,
)
POLICY_CHANGES = Annotation(
    "Policy changes",
    f"({_POLICY}) unless {_POLICY} offset 2m) and on () {_POLICY} offset 2m)) == bool 1",  # not at the first scrape
    "Policy changed",
    "{{policy_hash}}",
    palette.LIMIT,
)
VERSIONS = Annotation(
    "New versions",
    f"({_BUILD}) unless {_BUILD} offset 2m) and on () {_BUILD} offset 2m)) == bool 1",
    "New version",
    "{{version}}",
    palette.VALUE,
)
_RECOVERY = f"max by (model, attribute) ({series('alert_recovery_timestamp_seconds', *promql.OF_ATTRIBUTE)}"
RECOVERIES = Annotation(
    "Recoveries",
    f"({_RECOVERY}) unless {_RECOVERY} offset 1m) == {_RECOVERY})) > bool 0",
    "Recovery",
    "{{model}} {{attribute}}",
    palette.OK,
)
REBALANCES = Annotation(
    "Rebalances",
    f"sum(increase({series('rebalances_total', *promql.OF_WORKER)}[$__rate_interval])) > bool 0",
    "Rebalance",
    "partitions moved between workers",
    palette.INSUFFICIENT,
)
