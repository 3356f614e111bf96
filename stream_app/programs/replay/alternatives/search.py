"""``replay search``: every alternative to the logged decisions, counted in one pass over the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf

from stream_app.core.alternatives.tables import ScoreTable
from stream_app.errors import ReplayError
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.counting import AlternativeCounts
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.search.released_cuts import EVERY_SEGMENT, SearchRelease
from stream_app.pipeline.replay.search.request import Claims, SearchedPair, list_rules
from stream_app.pipeline.replay.search.results import SearchResult
from stream_app.pipeline.replay.search.scores import ModelScore, ScoreSource
from stream_app.pipeline.replay.search.summary import compare_alternatives
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, outcome_records_of
from stream_app.programs.replay.live import read_former
from stream_app.programs.replay.release.search import release_search
from stream_app.programs.replay.sources import open_raw, open_sources
from stream_app.settings import Settings


@dataclass(frozen=True)
class SearchRequest:
    """What is searched.

    Attributes:
        model: The policy of the model.
        scores: Where scores come from.
        cuts: The cuts, rising.
        by_segment: Whether segments have cuts of their own.
        pairs: Groups and their references.
        claims: What is tested.
        time_range: What is counted.
        choice: The topic that is read.
        k: Fewest people about whom anything is shown; 0 for exact values.
    """

    model: ModelPolicy
    scores: Sequence[ScoreSource]
    cuts: Sequence[float]
    by_segment: bool
    pairs: Sequence[SearchedPair]
    claims: Claims
    time_range: TimeRange
    choice: SourceChoice
    k: int


def search(settings: Settings, request: SearchRequest, on_progress: OnProgress) -> SearchResult:
    """Count every alternative and compare it with the logged decisions.

    Outcomes are read first, from the raw topic, where the source is raw: published events have pseudonyms, by which
    raw outcomes cannot be found.

    Args:
        settings: Where Kafka and the keys are.
        request: What is searched.
        on_progress: Called after each run of records.

    Raises:
        ConfigError: the range is empty, or there are too many alternatives.
        BrokerUnavailableError: no broker answers, or it went away.
        PolicyError: published events do not fit the policy.
        ReleaseRefusedError: nothing can be shown beside what was shown before.
        ReplayError: there is no event in the range.
    """
    request.time_range.reject_empty()
    model, claims = request.model, request.claims
    rules = list_rules(model, request.cuts, len(request.scores), by_segment=request.by_segment)
    outcomes = OutcomeLabels(model) if model.outcome is not None and request.choice.kind == "raw" else None
    counts = AlternativeCounts(
        model, request.scores, request.cuts, request.time_range, outcomes, by_segment=request.by_segment
    )
    with open_sources(settings, model, request.choice, on_progress, counts.observe) as sources:
        if outcomes is not None:
            read_outcomes(settings, model, outcomes, on_progress)
        counts.count(sources)
        topic, ends, n_records = sources.log.topic, dict(sources.log.ends), sources.n_read
    if not counts.tables[0][0].counts.any():
        raise ReplayError(
            f"{topic} has no event of {model.name} in that time range",
            action="List all windows with: fairstream replay run --from 1970-01-01T00:00:00Z",
        )
    comparison = compare_alternatives(
        counts.tables,
        [source.name for source in request.scores],
        rules,
        request.pairs,
        claims,
        release=_release(settings, request, counts.tables, topic) if request.k else SearchRelease(0),
        has_outcomes=outcomes is not None,
        design_effect=model.detection.design_effect,
    )
    return SearchResult(
        model=model.name,
        policy_hash=model.hash(),
        topic=topic,
        source=request.choice.kind,
        from_s=_finite(request.time_range.from_s),
        to_s=_finite(request.time_range.to_s),
        begins=counts.begins,
        ends=ends,
        n_records=n_records,
        n_outcomes=None if outcomes is None else len(outcomes),
        is_selective=model.outcome is not None and model.outcome.is_selective,
        k=request.k,
        margin=claims.margin,
        false_discovery_rate=claims.false_discovery_rate,
        design_effect=model.detection.design_effect,
        models=tuple(source.name for source in request.scores if isinstance(source, ModelScore)),
        has_clusters=model.cluster is not None,
        is_complete=rules.is_complete,
        n_claims=comparison.n_claims,
        logged=comparison.logged,
        alternatives=comparison.alternatives,
    )


def _release(
    settings: Settings, request: SearchRequest, tables: Sequence[Sequence[ScoreTable]], topic: str
) -> SearchRelease:
    """Return what may be shown, and note it in the ledger of releases."""
    model, scores = request.model, [source.name for source in request.scores]
    segments: Sequence[str] = (EVERY_SEGMENT,)
    if request.by_segment and model.segment is not None:
        segments = labels_of(model.segment)
    time_range = request.time_range.aligned(model.period_s)
    former = read_former(settings, model, topic, time_range)
    return release_search(former, tables, scores, request.pairs, segments, time_range)


def read_outcomes(settings: Settings, model: ModelPolicy, outcomes: OutcomeLabels, on_progress: OnProgress) -> None:
    """Read every raw outcome of a model, whenever it came.

    Args:
        settings: Where Kafka is.
        model: The policy of the model.
        outcomes: Takes them.
        on_progress: Called after each run of records.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
        TopicError: the topic is missing.
    """
    records, n_read = outcome_records_of(model), 0
    with open_raw(settings, records, records.topic) as reader:
        for partition in reader.partitions:
            while (batch := reader.next_batch(partition)) is not None:
                outcomes.take(batch)
                n_read += len(batch)
                on_progress(n_read, n_read + reader.n_left())
    outcomes.finish()


def _finite(time_s: float) -> float | None:
    return None if isinf(time_s) else time_s
