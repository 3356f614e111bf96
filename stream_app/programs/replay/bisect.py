"""``replay bisect``: one pass over the log for the onset of one pair's change."""

from __future__ import annotations

from stream_app.pipeline.replay.bisect.bisection import Bisection, BisectionSearch
from stream_app.pipeline.replay.bisect.onset import Metric
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import Attribute, ModelPolicy
from stream_app.programs.replay.live import read_former
from stream_app.programs.replay.release.parts import release_parts
from stream_app.programs.replay.release.tables import release_pair
from stream_app.programs.replay.sources import open_sources
from stream_app.settings import Settings


def bisect(
    settings: Settings,
    model: ModelPolicy,
    attribute: Attribute,
    group: str,
    metric: Metric,
    time_range: TimeRange,
    choice: SourceChoice,
    on_progress: OnProgress,
) -> Bisection:
    """Find the onset, the first record of its pane in each partition, and the versions of the model around it.

    Parts by segment or version of which fewer than k people would follow beside former releases are left out.

    Args:
        settings: Where Kafka and the keys are.
        model: The policy of the model.
        attribute: The attribute of the pair.
        group: The group.
        metric: What may have changed.
        time_range: Where the change is searched for.
        choice: Which topic is read.
        on_progress: Called after each run of records.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
        ReleaseRefusedError: beside what was shown before, fewer than k people of the pair would follow.
    """
    search = BisectionSearch(model, attribute, group, metric, time_range)
    with open_sources(settings, model, choice, on_progress, search.observe) as sources:
        search.count(sources)
    found = search.result()
    onset = found.onset
    if onset is not None:
        former = read_former(settings, model, choice.topic_of(model), time_range)
        release_pair(former, attribute.name, search.sides(onset))
        if not release_parts(former, attribute.name, "segment", search.segment_parts(onset)):
            found = found.without_segments()
        if not release_parts(former, attribute.name, "version", search.version_parts(onset)):
            found = found.without_versions()
    return found
