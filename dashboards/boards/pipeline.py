"""Does the machinery work: rate, errors, duration; lag, rebalances, recovery, transactions."""

from __future__ import annotations

from dashboards import links
from dashboards.board import INSTANCE, Board
from dashboards.panels import HALF, SIXTH, THIRD, About, Column, Query, dashed, grid, lines, number, warmth
from dashboards.promql import (
    JOB_LIVE,
    MODEL,
    OF_WORKER,
    OF_WORKER_MODEL,
    OF_WORKER_TOPIC,
    grown,
    owned,
    quantile,
    series,
    speed,
)
from dashboards.selections import ANY_MODEL, POLICY_CHANGES, REBALANCES, TOPIC, VERSIONS

_DELAY = f"time() - max by (model) ({series('watermark_timestamp_seconds', *JOB_LIVE, MODEL)})"
_AGE = f"time() - {owned('window_end_timestamp_seconds', 'model, window', *JOB_LIVE, MODEL)}"
_AGE_LIMIT = owned("window_age_limit_seconds", "model, window", *JOB_LIVE, MODEL)

NOW = (
    number(
        About("Workers up", "Workers that answer Prometheus.", alert="WorkerDown"),
        'sum(up{job=~"$job", instance=~"$instance"})',
    ),
    number(
        About("Events a second", "Events counted, over all workers.", "cps"),
        f"sum({speed('decisions_total', 'model', *OF_WORKER_MODEL)})",
    ),
    number(
        About("Records waiting", "Records that are not yet processed.", "short", alert="ConsumerLagGrowing"),
        f"sum({series('consumer_lag_messages', *OF_WORKER_TOPIC)})",
    ),
    number(
        About("Event delay", "Time since the event time up to which everything is closed.", "s"),
        f"max({_DELAY})",
    ),
    number(
        About("Refused", "Share of records that went to dead-letters.", "percentunit", alert="DeadLetters"),
        f"sum({speed('dead_letters_total', 'topic', *OF_WORKER_TOPIC)}) / "
        f"(sum({speed('decisions_total', 'model', *OF_WORKER_MODEL)}) + "
        f"sum({speed('dead_letters_total', 'topic', *OF_WORKER_TOPIC)}))",
    ),
    number(
        About(
            "Records lost",
            "Records that retention deleted before they were counted, in the time above. Not 0: counts are too low.",
            "short",
            alert="RecordsLost",
        ),
        f"sum({grown('lost_records_total', 'topic', *OF_WORKER_TOPIC)})",
        width=SIXTH,
        decimals=0,
    ),
)

RED = (
    lines(
        About("Events counted", "By model and outcome; without groups on purpose.", "cps"),
        [Query(speed("decisions_total", "model, outcome", *OF_WORKER_MODEL), "{{model}} {{outcome}}")],
        width=THIRD,
    ),
    lines(
        About("Records refused", "By topic; the privacy dashboard tells the reasons.", "cps", alert="DeadLetters"),
        [Query(speed("dead_letters_total", "topic", *OF_WORKER_TOPIC), "{{topic}}")],
        width=THIRD,
    ),
    lines(
        About(
            "Late, repeated, corrected",
            "late: not counted. repeated: counted once. revised: a closed window was corrected. too late: a "
            "correction was refused.",
            "cps",
            alert="LateEventsDropped",
        ),
        [
            Query(speed("late_events_total", "model", *OF_WORKER_MODEL), "{{model}} late"),
            Query(speed("duplicates_total", "model", *OF_WORKER_MODEL), "{{model}} repeated"),
            Query(speed("windows_revised_total", "model", *OF_WORKER_MODEL), "{{model}} revised"),
            Query(speed("late_corrections_total", "model", *OF_WORKER_MODEL), "{{model}} too late"),
        ],
        width=THIRD,
    ),
    warmth(
        About(
            "From event to counted",
            "Time from the broker's timestamp to counted and durable; darker is more events.",
            "s",
            alert="EndToEndLatencyHigh",
        ),
        "sum by (le) (increase("
        + series("event_latency_seconds_bucket", *OF_WORKER, 'stage="ingest"')
        + "[$__rate_interval]))",
    ),
    lines(
        About(
            "Latency by stage",
            "ingest: from the broker to counted and durable. close: from the end of a window to its result.",
            "s",
            alert="EndToEndLatencyHigh",
        ),
        [
            Query(quantile(0.5, "event_latency_seconds", "stage", *OF_WORKER), "{{stage}} half of them"),
            Query(quantile(0.99, "event_latency_seconds", "stage", *OF_WORKER), "{{stage}} 99 of 100"),
        ],
    ),
)

BEHIND = (
    lines(
        About("Records waiting", "Over all partitions of a topic.", "short", alert="ConsumerLagGrowing"),
        [Query(f"sum by (topic) ({series('consumer_lag_messages', *OF_WORKER_TOPIC)})", "{{topic}}")],
        width=HALF,
    ),
    lines(
        About("Event delay", "Time since the event time up to which everything is closed, by model.", "s"),
        [Query(_DELAY, "{{model}}")],
        width=HALF,
    ),
    dashed(
        lines(
            About(
                "Age of the newest window",
                "Time since its end, in event time, beside the age beyond which it is stale (dashed).",
                "s",
                alert="FairnessDataStale",
            ),
            [
                Query(_AGE, "{{model}} {{window}}"),
                Query(
                    owned("window_age_limit_seconds", "model, window", *JOB_LIVE, MODEL), "limit {{model}} {{window}}"
                ),
            ],
        ),
        "limit.*",
    ),
    lines(
        About("Windows closed", "By what became of them.", "cps"),
        [Query(speed("windows_closed_total", "window, result", *OF_WORKER_MODEL), "{{window}} {{result}}")],
        width=HALF,
    ),
)

LANES = (
    lines(
        About(
            "Partitions by worker",
            "The sum is the number of partitions; less: some are not worked on.",
            "short",
            alert="PartitionsUnassigned",
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
            "Rebalances move partitions between workers. A reload reads a lane's state again after a failure.",
            "short",
            alert="RebalanceStorm",
        ),
        [
            Query(
                f"sum(increase({series('rebalances_total', *OF_WORKER)}[$__rate_interval]))",
                "rebalances",
            ),
            Query(
                f"sum by (role) (increase({series('lane_reloads_total', *OF_WORKER)}[$__rate_interval]))",
                "{{role}} reloads",
            ),
        ],
        width=HALF,
    ),
    lines(
        About(
            "Transactions",
            "Each holds outputs, state and position of a lane. Failed ones are repeated, never half done.",
            "cps",
            alert="LanesFailing",
        ),
        [Query(speed("transactions_total", "role, result", *OF_WORKER), "{{role}} {{result}}")],
        width=THIRD,
    ),
    lines(
        About("Time of a flush", "From its start to its commit.", "s"),
        [
            Query(quantile(0.5, "flush_seconds", "role", *OF_WORKER), "{{role}} half of them"),
            Query(quantile(0.99, "flush_seconds", "role", *OF_WORKER), "{{role}} 99 of 100"),
        ],
        width=THIRD,
    ),
    grid(
        About("Workers", "Version of each worker."),
        [Column("Up", owned("build_info", "instance, version, python", *OF_WORKER))],
        ["instance", "version", "python"],
        width=THIRD,
    ).height(8),
)

BOARD = Board(
    uid=links.PIPELINE,
    folder="pipeline",
    title="Pipeline",
    description="Are the workers up, on time, and losing nothing?",
    variables=(INSTANCE, ANY_MODEL, TOPIC),
    rows=(
        ("Now", NOW),
        ("Rate, errors, duration", RED),
        ("How far behind", BEHIND),
        ("Lanes", LANES),
    ),
    marks=(REBALANCES, VERSIONS, POLICY_CHANGES),
)
