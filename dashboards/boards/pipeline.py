"""Does the pipeline work: rate, errors, duration; lag, rebalances, reloads, transactions."""

from __future__ import annotations

from dashboards import links
from dashboards.board import INSTANCE, Board
from dashboards.boards.pipeline_lanes import LANES
from dashboards.panels import HALF, THIRD, About, Query, dashed, lines, number, warmth
from dashboards.promql import (
    JOB_LIVE,
    MODEL,
    OF_WORKER,
    OF_WORKER_MODEL,
    OF_WORKER_TOPIC,
    grown,
    owned,
    per_minute,
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
        About("Workers up", "Workers that answer Prometheus.", decimals=0),
        f"count({series('build_info', *OF_WORKER)}) or vector(0)",  # `up` would count other jobs
    ),
    number(
        About("Events per second", "Counted events of all workers.", "eps", decimals=1),
        f"sum({speed('decisions_total', 'model', *OF_WORKER_MODEL)})",
    ),
    number(
        About("Consumer lag", "Records that are not yet processed.", "locale", decimals=0),
        f"sum({series('consumer_lag_messages', *OF_WORKER_TOPIC)})",
    ),
    number(
        About("Watermark delay", "Time since the watermark: everything before it is closed.", "s", decimals=0),
        f"max({_DELAY})",
    ),
    number(
        About("Rejected records", "Share of records that went to dead-letters.", "percentunit", decimals=1),
        f"sum({speed('dead_letters_total', 'topic', *OF_WORKER_TOPIC)}) / "
        f"(sum({speed('decisions_total', 'model', *OF_WORKER_MODEL)}) + "
        f"sum({speed('dead_letters_total', 'topic', *OF_WORKER_TOPIC)}))",
    ),
    number(
        About(
            "Lost records",
            "Records that were deleted before they were counted, in the selected time range. If not 0, counts are too "
            "low.",
            "locale",
            decimals=0,
        ),
        f"sum({grown('lost_records_total', 'topic', *OF_WORKER_TOPIC)})",
    ),
)

RED = (
    lines(
        About(
            "Counted events",
            "By model and outcome; without groups by design. tagged: of these, unlike the reference of anomaly tags.",
            "eps",
            alert="SourceRateJump",
        ),
        [
            Query(speed("decisions_total", "model, outcome", *OF_WORKER_MODEL), "{{model}} {{outcome}}"),
            Query(speed("anomalies_total", "model, outcome", *OF_WORKER_MODEL), "{{model}} {{outcome}} tagged"),
            Query(
                f"max by (topic) ({speed('source_events_total', 'topic, partition', *OF_WORKER_TOPIC)})",
                "{{topic}} busiest partition",
            ),
        ],
        width=THIRD,
    ),
    lines(
        About("Rejected records by topic", "The privacy dashboard shows the reasons.", "recps", alert="DeadLetters"),
        [Query(speed("dead_letters_total", "topic", *OF_WORKER_TOPIC), "{{topic}}")],
        width=THIRD,
    ),
    lines(
        About(
            "Late, duplicate and revised",
            "late: dropped events. duplicate: already counted. conflict: rejected, its id has another decision. "
            "revised: a closed window was corrected. late revision: a correction was dropped.",
            "eps",
            alert="LateEventsDropped",
        ),
        [
            Query(speed("late_events_total", "model", *OF_WORKER_MODEL), "{{model}} late"),
            Query(speed("duplicates_total", "model", *OF_WORKER_MODEL), "{{model}} duplicate"),
            Query(speed("conflicts_total", "model", *OF_WORKER_MODEL), "{{model}} conflict"),
            Query(speed("windows_revised_total", "model", *OF_WORKER_MODEL), "{{model}} revised"),
            Query(speed("late_corrections_total", "model", *OF_WORKER_MODEL), "{{model}} late revision"),
        ],
        width=THIRD,
    ),
    warmth(
        About(
            "Ingest latency",
            "Time from the broker's timestamp to counted and durable; the stronger the color, the more.",
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
            Query(quantile(0.5, "event_latency_seconds", "stage", *OF_WORKER), "{{stage}} p50"),
            Query(quantile(0.99, "event_latency_seconds", "stage", *OF_WORKER), "{{stage}} p99"),
        ],
    ),
)

BACKLOG = (
    lines(
        About(
            "Consumer lag by topic",
            "Over all partitions of a topic.",
            "locale",
            alert="ConsumerLagGrowing",
            decimals=0,
        ),
        [Query(f"sum by (topic) ({series('consumer_lag_messages', *OF_WORKER_TOPIC)})", "{{topic}}")],
        width=THIRD,
    ),
    lines(
        About(
            "Time without progress",
            "The highest of the lanes of a topic: since it last moved or had nothing to read.",
            "s",
            alert="LaneStalled",
        ),
        [Query(f"max by (topic) ({series('lane_progress_age_seconds', *OF_WORKER_TOPIC)})", "{{topic}}")],
        width=THIRD,
    ),
    lines(
        About("Watermark delay by model", "Time since the watermark: everything before it is closed.", "s"),
        [Query(_DELAY, "{{model}}")],
        width=THIRD,
    ),
    lines(
        About(
            "Tested decisions",
            "not tested: counted in windows after their comparison period had been tested.",
            "eps",
            alert="DecisionsNotTested",
        ),
        [
            Query(speed("tested_decisions_total", "model", *OF_WORKER_MODEL), "{{model}}"),
            Query(speed("untested_decisions_total", "model", *OF_WORKER_MODEL), "{{model}} not tested"),
        ],
        width=THIRD,
    ),
    lines(
        About("Tests behind windows", "Event time that waits for silent source partitions.", "s"),
        [Query(owned("test_lag_seconds", "model", *JOB_LIVE, MODEL), "{{model}}")],
        width=THIRD,
    ),
    lines(
        About(
            "Comparison periods per minute",
            "true: a group and its reference both had decisions. Many false: the period is too short.",
        ),
        [Query(per_minute("tested_periods_total", "model, comparable", *OF_WORKER_MODEL), "{{model}} {{comparable}}")],
        width=THIRD,
        soft_max=1,
    ),
    dashed(
        lines(
            About(
                "Age of latest window",
                "Time since its end, event time, as a share of the age at which it is stale (dashed).",
                "percentunit",
                alert="FairnessDataStale",
                missing="none has closed yet",
                decimals=0,
            ),
            [
                Query(f"({_AGE}) / on (model, window) {_AGE_LIMIT}", "{{model}} {{window}}"),
                Query(f"max({_AGE_LIMIT} / {_AGE_LIMIT})", "stale"),
            ],
        ),
        "stale",
    ),
    lines(
        About("Closed windows per minute", "published, suppressed, insufficient or empty."),
        [Query(per_minute("windows_closed_total", "window, result", *OF_WORKER_MODEL), "{{window}} {{result}}")],
        width=HALF,
        bars=True,
        stacked=True,
        soft_max=1,
    ),
)

BOARD = Board(
    uid=links.PIPELINE,
    folder="pipeline",
    title="Pipeline",
    description="Are the workers up, on time, and without data loss?",
    variables=(INSTANCE, ANY_MODEL, TOPIC),
    rows=(
        ("Now", NOW),
        ("Rate, errors, duration", RED),
        ("Backlog and delay", BACKLOG),
        ("Lanes", LANES),
    ),
    annotations=(REBALANCES, VERSIONS, POLICY_CHANGES),
)
