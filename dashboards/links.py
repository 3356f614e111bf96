"""Names that must not change, and where a click leads.

A dashboard's uid is its identity: a file whose uid changes makes a second dashboard and leaves the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

OVERVIEW, EXPLANATION, INTERSECTIONS = "fairstream-fairness", "fairstream-explanation", "fairstream-intersections"
OUTCOMES, CAMERA, PRIVACY = "fairstream-outcomes", "fairstream-camera", "fairstream-privacy"
PIPELINE, REPLAY = "fairstream-pipeline", "fairstream-replay"

RUNBOOKS = "http://127.0.0.1:9099/runbooks/"  # the notification sink serves them; `export --runbooks URL` replaces it


@dataclass(frozen=True)
class Link:
    """Somewhere to go."""

    title: str
    url: str


_SELECTED = "${datasource:queryparam}&${job:queryparam}&${model:queryparam}&${window:queryparam}&${__url_time_range}"

REPLAY_COMMANDS = """\
Ask the log again, for the time that is shown above:

```
fairstream replay verify --model ${model:text} --from ${__from:date:iso} --to ${__to:date:iso}
```

`verify` computes every window of that time from the log and compares it with what was published.

```
fairstream replay compare --model ${model:text} --from ${__from:date:iso} --to ${__to:date:iso} --set threshold.dir=0.85
```

`compare` tells which alerts another rule would have given. Neither disturbs the running workers.
"""


def runbook(alert: str) -> str:
    """Return the address of the runbook of an alert."""
    return f"{RUNBOOKS}{alert}"


def board(uid: str, **variables: str) -> str:
    """Return the address of a dashboard for the same data source, job, model, window and time.

    Args:
        uid: Which dashboard.
        variables: Values of further variables; expressions of Grafana stay as they are.

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
ASK_THE_LOG = Link(
    "Replay: commands for this time", board(REPLAY, attribute="${__field.labels.attribute:percentencode}")
)
