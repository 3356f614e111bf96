"""The uids of the dashboards, and the links between them.

A dashboard's uid is its identity: if the uid of a file changes, Grafana creates a second dashboard and keeps the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

OVERVIEW, EXPLANATION, INTERSECTIONS = "fairstream-fairness", "fairstream-explanation", "fairstream-intersections"
OUTCOMES, ERRORS, AMOUNTS = "fairstream-outcomes", "fairstream-errors", "fairstream-amounts"
CAMERA, PRIVACY = "fairstream-camera", "fairstream-privacy"
PIPELINE, REPLAY = "fairstream-pipeline", "fairstream-replay"

RUNBOOKS = "http://127.0.0.1:9099/runbooks/"  # served by the notification sink; `export --runbooks URL` replaces it


@dataclass(frozen=True)
class Link:
    """A link with its title."""

    title: str
    url: str


_SELECTED = "${datasource:queryparam}&${job:queryparam}&${model:queryparam}&${window:queryparam}&${__url_time_range}"

_COMMANDS = """\
Recompute the selected time range from the Kafka log:

```
fairstream replay verify --published --model ${{model:text}} --from ${{__from:date:iso}} --to ${{__to:date:iso}}
```

`verify` recomputes every window of the time range and compares it with what was published.

```
fairstream replay compare --model ${{model:text}} --from ${{__from:date:iso}} --to ${{__to:date:iso}} --set {rule}
```

`compare` shows the alerts that a different rule would have raised. Both commands are read-only.
"""
REPLAY_COMMANDS = (
    _COMMANDS.format(rule="threshold.dir=0.85")
    + "The rule of amounts is `threshold.difference`, in their unit: `--set threshold.difference=0.5`.\n"
)
AMOUNT_COMMANDS = _COMMANDS.format(rule="threshold.difference=0.5")


def runbook(alert: str) -> str:
    """Return the address of the runbook of an alert."""
    return f"{RUNBOOKS}{alert}"


def board(uid: str, **variables: str) -> str:
    """Return the address of a dashboard for the same data source, job, model, window and time range.

    Args:
        uid: The dashboard.
        variables: Values of further variables; Grafana expressions are not quoted.

    >>> board("fairstream-replay", group="${__field.labels.group:percentencode}").rpartition("&")[2]
    'var-group=${__field.labels.group:percentencode}'
    """
    further = "".join(f"&var-{name}={quote(value, safe='${}.:_')}" for name, value in variables.items())
    return f"/d/{uid}?{_SELECTED}{further}"


EXPLAIN = Link(
    "Explain this group",
    board(
        EXPLANATION,
        attribute="${__field.labels.attribute:percentencode}",
        group="${__field.labels.group:percentencode}",
    ),
)
EXPLAIN_ROW = Link(  # in a table the attribute is a column
    "Explain this group",
    board(
        EXPLANATION,
        attribute="${__data.fields.Attribute:percentencode}",
        group="${__value.raw:percentencode}",
    ),
)
SHOW_MODEL = Link(
    "Show this model",
    f"/d/{OVERVIEW}?${{datasource:queryparam}}&${{job:queryparam}}&var-model=${{__value.text:percentencode}}"
    "&${__url_time_range}",
)
REPLAY_LINK = Link(
    "Replay commands for this time", board(REPLAY, attribute="${__field.labels.attribute:percentencode}")
)
