"""The four steps of the pipeline as cases of one contract: the only place that knows how each is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.ingest.outcome_step import OutcomeIngestStep
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.lane_step import LaneStep
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy
from stream_app.topics import FAIRNESS_PARTIALS, outcome_join_topic
from tests.support.contracts.step_lane import StepLane
from tests.support.contracts.step_logs import (
    N_PARTITIONS,
    OTHER_LAYOUT,
    POLICY,
    START_S,
    SourceRecord,
    counts_log,
    counts_model,
    decision_log,
    decision_model,
    outcome_log,
)

APP = "app"
KEYS = (RootKey("abcdefgh", 0, b"k" * 32),)
JOIN_TOPIC = outcome_join_topic(APP, decision_model().name)
_N_COMMIT = 8  # records of a transaction in which the logs of the later steps were written


@dataclass(frozen=True)
class StepCase:
    """One implementation of ``LaneStep``.

    Attributes:
        name: Name of the class.
        new_step: Makes a step for a policy.
        topic: Its source topic.
        log: Makes its source log.
        head: Key of the state entry that names the version; None for a step without state.
        n_idle: How many records say that the lane has become idle.
    """

    name: str
    new_step: Callable[[Policy], LaneStep]
    topic: str
    log: Callable[[], list[SourceRecord]]
    head: bytes | None
    n_idle: int

    def lane(self) -> StepLane:
        """Return a new lane in front of the log."""
        return StepLane(lambda: self.new_step(POLICY), self.topic, self.log())

    def step_of_another_layout(self) -> LaneStep:
        """Return a step whose policy counts in other cells."""
        return self.new_step(OTHER_LAYOUT)


def new_ingest(model: ModelPolicy, partition: int = 0, n_partitions: int = N_PARTITIONS) -> LaneStep:
    """Make the ingest of one partition."""
    return IngestStep(model, KEYS, partition, Topology({model.topic: n_partitions}, APP))


def new_outcome_ingest(model: ModelPolicy, partition: int = 0) -> LaneStep:
    """Make the ingest of the outcomes of one partition."""
    return OutcomeIngestStep(model, KEYS, partition, Topology(app_id=APP))


def new_outcomes(model: ModelPolicy, partition: int = 0) -> LaneStep:
    """Make the join of one partition."""
    return OutcomeStep(model, partition, Topology({JOIN_TOPIC: N_PARTITIONS}, APP))


def new_judge(policy: Policy) -> LaneStep:
    """Make the judge."""
    return JudgeStep(policy, 0, Topology(app_id=APP))


@cache
def join_log(partition: int) -> list[SourceRecord]:
    """Return what both kinds of ingest write into the topic of the join, their transactions one after the other."""
    model = decision_model()
    writers = [
        _written_by(new_ingest(model, partition), "raw", decision_log(partition)),
        _written_by(new_outcome_ingest(model, partition), "raw-outcomes", outcome_log(partition)),
    ]
    pairs = zip_longest(*([record for record in writer if record[0] == JOIN_TOPIC] for writer in writers))
    return [SourceRecord(record[1], START_S) for pair in pairs for record in pair if record is not None]


@cache
def partials_log() -> list[SourceRecord]:
    """Return the partials of all lanes, their transactions one after the other."""
    model = decision_model()
    writers = [
        *(_written_by(new_ingest(model, number), "raw", decision_log(number)) for number in range(N_PARTITIONS)),
        *(_written_by(new_outcomes(model, number), JOIN_TOPIC, join_log(number)) for number in range(N_PARTITIONS)),
        _written_by(new_ingest(counts_model(), n_partitions=1), "raw-counts", counts_log()),
    ]
    rows = zip_longest(*([record for record in writer if record[0] == FAIRNESS_PARTIALS] for writer in writers))
    return [SourceRecord(record[1], START_S) for row in rows for record in row if record is not None]


def _written_by(step: LaneStep, topic: str, log: list[SourceRecord]) -> list[tuple[str, bytes | None]]:
    """Return topic and value of all that a step writes; in the end it is idle."""
    lane = StepLane(lambda: step, topic, log)
    now_s = float(START_S)
    while lane.next_offset < len(log):
        lane.read(_N_COMMIT)
        lane.flush(now_s)
        now_s += 1
    lane.flush(now_s, is_caught_up=True)
    lane.flush(now_s + 3600, is_caught_up=True)
    return [(record.topic, record.value) for record in lane.written]


STEPS = [
    StepCase(
        "IngestStep", lambda policy: new_ingest(decision_model(policy)), "raw", lambda: decision_log(0), b"meta", 1
    ),
    StepCase(
        "OutcomeIngestStep",
        lambda policy: new_outcome_ingest(decision_model(policy)),
        "raw-outcomes",
        lambda: outcome_log(0),
        None,
        0,
    ),
    StepCase(
        "OutcomeStep", lambda policy: new_outcomes(decision_model(policy)), JOIN_TOPIC, lambda: join_log(0), b"meta", 1
    ),
    StepCase("JudgeStep", new_judge, FAIRNESS_PARTIALS, partials_log, b"m|clock|0", 0),
]
