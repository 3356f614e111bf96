"""Reads what the live judge published about a time range, disclosed like a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isinf

from stream_app.core.releases.withholding import OnProgress, ReleasedTable
from stream_app.edges.kafka.readers.judge_records import read_alerts, read_results, read_results_within
from stream_app.errors import TopicError
from stream_app.pipeline.disclosure.results import disclose_result, is_partial
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.replay.scenarios.released_tables import TableMaker
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_live
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.settings import Settings

_CLOCK_SKEW_S = 60  # of the broker behind the worker


def read_live(settings: Settings, model: ModelPolicy, time_range: TimeRange, *, k: int) -> ScenarioResults:
    """Read results and alerts of a time range; the newest revision of a window counts.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
    """
    results = (result for _, result in read_results(settings.connection, model.name))
    alerts = (alert for _, alert in read_alerts(settings.connection, model.name) if isinstance(alert, Alert))
    return disclose_live(results, alerts, time_range, k=k)


def read_former(
    settings: Settings,
    model: ModelPolicy,
    topic: str,
    time_range: TimeRange,
    on_progress: OnProgress = lambda _, __: None,
) -> FormerReleases:
    """Read what readers saw of a time range: every result that was published, with its former revisions.

    Args:
        settings: Where Kafka and the ledger are.
        model: The policy of the model.
        topic: The topic that is replayed.
        time_range: The time range.
        on_progress: Called while a replay is compared with them.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
    """
    published = model.event_time.max_future_s + model.event_time.pane_s + _CLOCK_SKEW_S
    since_s = 0 if isinf(time_range.from_s) else max(0, int(time_range.from_s) - published)
    results = read_results_within(settings.connection, model.name, time_range.aligned(model.period_s), since_s)
    return FormerReleases(settings, model, topic, list(_tables(model, _or_none(results))), on_progress)


def _or_none(results: Iterator[Result]) -> Iterator[Result]:
    """Yield results; none where no worker has made their topic."""
    try:
        yield from results
    except TopicError:
        return


def _tables(model: ModelPolicy, results: Iterable[Result]) -> Iterator[ReleasedTable]:
    """Yield what readers saw of each result, and of a result that was published again once."""
    maker, k, seen = TableMaker(model), model.privacy.k, set()
    for result in results:
        if is_partial(result):
            continue  # of no range of time, and the sum of windows that are here
        shown = disclose_result(result, k)
        people = tuple(group.n for group in shown.groups)
        name = (result.attribute, shown.start_s, shown.end_s, people)
        if name not in seen and any(n is not None for n in people):
            seen.add(name)
            if (table := maker.of_result(result, shown, k)) is not None:
                yield table
