"""The row of the pipeline board about lanes: who has them, rebalances, transactions, flushes, workers."""

from __future__ import annotations

from dashboards.panels import HALF, About, Column, Query, grid, lines
from dashboards.promql import OF_WORKER, OF_WORKER_TOPIC, owned, quantile, series, speed

_BUILD = owned("build_info", "instance, version, python", *OF_WORKER)

LANES = (
    lines(
        About(
            "Partitions by worker",
            "The sum is the number of partitions of a topic; if it is lower, some are not processed.",
            "locale",
            alert="PartitionsUnassigned",
            decimals=0,
        ),
        [
            Query(
                f"sum by (instance, topic) ({series('partitions_assigned', *OF_WORKER_TOPIC)})",
                "{{instance}} {{topic}}",
            )
        ],
        width=HALF,
        bars=True,
        stacked=True,
    ),
    lines(
        About(
            "Rebalances and reloads",
            "A rebalance moves partitions between workers. A reload reads the state of a lane again after a failure. "
            "A rejected partial is a record that no worker writes.",
            "locale",
            alert="RebalanceStorm",
            decimals=0,
        ),
        [
            Query(
                f"round(sum(increase({series('rebalances_total', *OF_WORKER)}[$__rate_interval])))",
                "rebalances",
            ),
            Query(
                f"sum by (role) (increase({series('lane_reloads_total', *OF_WORKER)}[$__rate_interval]))",
                "{{role}} reloads",
            ),
            Query(
                f"sum by (topic, kind) (increase({series('log_changes_total', *OF_WORKER_TOPIC)}[$__rate_interval]))",
                "{{topic}} {{kind}}",
            ),
            Query(
                f"sum by (fault) (increase({series('rejected_partials_total', *OF_WORKER)}[$__rate_interval]))",
                "rejected records: {{fault}}",
            ),
        ],
        width=HALF,
        soft_max=1,
    ),
    lines(
        About(
            "Transactions and pushes",
            "A transaction contains outputs, state and position of a lane; a failed one is aborted and retried. A push "
            "sends metrics or alerts to an OTLP collector, where one is set; a dropped one is not retried.",
            "ops",
            alert="LanesFailing",
        ),
        [
            Query(speed("transactions_total", "role, result", *OF_WORKER), "{{role}} {{result}}"),
            Query(speed("otlp_pushes_total", "signal, result", *OF_WORKER), "pushed {{signal}} {{result}}"),
        ],
        width=HALF,
    ),
    lines(
        About("Flush duration", "From the start of a flush to its commit.", "s"),
        [
            Query(quantile(0.5, "flush_seconds", "role", *OF_WORKER), "{{role}} p50"),
            Query(quantile(0.99, "flush_seconds", "role", *OF_WORKER), "{{role}} p99"),
        ],
        width=HALF,
    ),
    grid(
        About(
            "Workers",
            "Version of each worker; 1 where others can read or impersonate its Kafka, and where it is rejected.",
        ),
        [
            Column("Up", _BUILD, decimals=0),
            *(
                Column(
                    title, f"{_BUILD} * on (instance) group_left () {owned(name, 'instance', *OF_WORKER)}", "none", 0
                )
                for title, name in {"Insecure": "kafka_insecure", "Rejected": "kafka_rejected"}.items()
            ),
        ],
        ["instance", "version", "python"],
        height=6,
    ),
)
