"""The variables and marks that several dashboards share.

On the dashboards of one model's fairness, model and window are chosen one at a time: lines of two models or of two
windows in one picture cannot be told apart, and the band of an interval needs one lower line and one upper line.
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
    "compared group",
    regex="/^(?!unknown$|__other__$).+/",  # they are in several attributes at once, and nobody judges them
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
    f"({_POLICY}) unless {_POLICY} offset 2m)) == bool 1",
    "Policy changed",
    "{{policy_hash}}",
    palette.RULE,
)
VERSIONS = Annotation(
    "New versions", f"({_BUILD}) unless {_BUILD} offset 2m)) == bool 1", "New version", "{{version}}", palette.MEASURED
)
REBALANCES = Annotation(
    "Rebalances",
    f"sum(increase({series('rebalances_total', *promql.OF_WORKER)}[$__rate_interval])) > bool 0",
    "Rebalance",
    "partitions moved between workers",
    palette.INSUFFICIENT,
)
