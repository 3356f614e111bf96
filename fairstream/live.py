"""Read what a running FairStream has published: results, outcome results and alerts, as DataFrames.

Reading joins no consumer group and commits nothing. Only committed records are read. Disclosure control is applied as
in ``fairstream results`` and ``fairstream alerts``: groups with fewer than k cases (policy: ``privacy.k``) are
suppressed, together with what would reveal them by subtraction.
"""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from fairstream.frames.amount_columns import AMOUNT_COLUMNS, amount_records
from fairstream.frames.build import build_frame, load_pandas
from fairstream.frames.outcome_columns import OUTCOME_COLUMNS, outcome_records
from fairstream.frames.result_columns import ALERT_COLUMNS, RESULT_COLUMNS, alert_records, result_records
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.kafka.readers.live_results import ResultReader, open_alerts, open_all_results, open_amounts
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.outcomes import disclose_outcomes
from stream_app.pipeline.disclosure.shown import disclose_window, newest_revisions, smallest_groups_of_records
from stream_app.pipeline.disclosure.wording import limits_by_model
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.pipeline.selection import Selection, select
from stream_app.policy import Policy, load_policy
from stream_app.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Moment", "PolicySource", "alerts", "amount_results", "outcome_results", "results"]

PolicySource = Policy | str | Path
Moment = datetime | str | int | float

Record = TypeVar("Record", Result | OutcomeResult, AmountResult, Alert)


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are returned.

    Attributes:
        selection: Their models, attribute and window.
        start_s: Earliest start in event time; -infinity for no limit.
        end_s: Latest end in event time; infinity for no limit.
    """

    selection: Selection
    start_s: float = -math.inf
    end_s: float = math.inf

    def has_result(self, result: Result | OutcomeResult) -> bool:
        """Return whether a result is returned: its window is completely in the time range."""
        is_in_range = self.start_s <= result.start_s and result.end_s <= self.end_s
        return is_in_range and self.selection.has_result(result)

    def has_alert(self, alert: Alert) -> bool:
        """Return whether an alert is returned: its test changed in the time range."""
        return self.start_s <= alert.at_s <= self.end_s and self.selection.has_alert(alert)


def results(
    policy: PolicySource,
    *,
    kafka: str | None = None,
    model: str | None = None,
    window: str | None = None,
    attribute: str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
) -> pd.DataFrame:
    """Return the published results about decisions: one row for each group and window.

    The newest revision of each window counts. The bounds of a window hold for one look, those of the running totals
    (window ``total``) for every look. The columns are listed in ``docs/api.md``.

    Args:
        policy: A policy, the name of a shipped one, or the path of a TOML file.
        kafka: Bootstrap servers, ``host:port``; None for ``FAIRSTREAM_KAFKA``, and without it 127.0.0.1:9092.
        model: Only this model of the policy; None for all.
        window: Only this window, for example ``1m`` or ``total``; None for all.
        attribute: Only this protected attribute; None for all.
        start: Only windows that start at this time or later: a datetime with a time zone, ISO 8601 text with an offset,
            seconds since 1970, or text such as ``2h`` (ago).
        end: Only windows that end at this time or earlier; in the same forms.

    Returns:
        Rows by model, attribute and window, then in order of time; without results no rows, but all columns.

    Raises:
        BrokerUnavailableError: No broker answers, or it went away.
        ConfigError: An argument is invalid, the policy has no such attribute or window, or the model has amounts.
        DependencyMissingError: pandas is not installed.
        PolicyError: The policy is missing or has an error.
        TopicError: The topic of the results does not exist.
    """
    loaded, extract = _prepare(policy, model, attribute, window, start, end)
    if model is not None and loaded.model(model).kind == "amounts":
        raise ConfigError(f"Decisions of {model!r} are amounts", action="Call fairstream.amount_results")
    k_of = smallest_groups_of_records(loaded)
    selected = _read(open_all_results, kafka, extract.has_result)
    newest = newest_revisions(result for result in selected if isinstance(result, Result))
    disclosed = (disclose_window(result, k_of(result)) for result in newest)
    return build_frame(RESULT_COLUMNS, result_records(disclosed, limits_by_model(loaded)))


def amount_results(
    policy: PolicySource,
    *,
    kafka: str | None = None,
    model: str | None = None,
    window: str | None = None,
    attribute: str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
) -> pd.DataFrame:
    """Return the published results of models whose decisions are amounts: one row for each group and window.

    The newest revision of each window counts. Intervals hold for one look, those of the running totals too. The columns
    are listed in ``docs/api.md``.

    Args:
        policy: A policy, the name of a shipped one, or the path of a TOML file.
        kafka: Bootstrap servers, ``host:port``; None for ``FAIRSTREAM_KAFKA``, and without it 127.0.0.1:9092.
        model: Only this model of the policy; None for all.
        window: Only this window, for example ``1m`` or ``total``; None for all.
        attribute: Only this protected attribute; None for all.
        start: Only windows that start at this time or later; in the forms of ``results``.
        end: Only windows that end at this time or earlier; in the same forms.

    Returns:
        Rows by model, attribute and window, then in order of time; without results no rows, but all columns.

    Raises:
        BrokerUnavailableError: No broker answers, or it went away.
        ConfigError: An argument is invalid, the policy has no such attribute or window, or the model has no amounts.
        DependencyMissingError: pandas is not installed.
        PolicyError: The policy is missing or has an error.
        TopicError: The topic of the results does not exist.
    """
    loaded, extract = _prepare(policy, model, attribute, window, start, end)
    if model is not None and loaded.model(model).kind != "amounts":
        raise ConfigError(f"Decisions of {model!r} are no amounts", action="Call fairstream.results")
    k_of = smallest_groups_of_records(loaded)
    newest = newest_revisions(_read(open_amounts, kafka, extract.has_result))
    return build_frame(AMOUNT_COLUMNS, amount_records(disclose_window(result, k_of(result)) for result in newest))


def outcome_results(
    policy: PolicySource,
    *,
    kafka: str | None = None,
    model: str | None = None,
    window: str | None = None,
    attribute: str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
) -> pd.DataFrame:
    """Return the published results about outcomes: one row for each group and window.

    Times are those at which outcomes arrived. The newest revision of each window counts. The columns are listed in
    ``docs/api.md``.

    Args:
        policy: A policy, the name of a shipped one, or the path of a TOML file.
        kafka: Bootstrap servers, ``host:port``; None for ``FAIRSTREAM_KAFKA``, and without it 127.0.0.1:9092.
        model: Only this model of the policy, by its own name (``credit``, not ``credit/outcomes``); None for all.
        window: Only this window, for example ``1m`` or ``total``; None for all.
        attribute: Only this protected attribute; None for all.
        start: Only windows that start at this time or later; in the forms of ``results``.
        end: Only windows that end at this time or earlier; in the same forms.

    Returns:
        Rows by model, attribute and window, then in order of time; without results no rows, but all columns.

    Raises:
        BrokerUnavailableError: No broker answers, or it went away.
        ConfigError: An argument is invalid, or the policy has no such attribute or window.
        DependencyMissingError: pandas is not installed.
        PolicyError: The policy is missing or has an error.
        TopicError: The topic of the results does not exist.
    """
    loaded, extract = _prepare(policy, model, attribute, window, start, end)
    k_of = smallest_groups_of_records(loaded)
    selected = _read(open_all_results, kafka, extract.has_result)
    newest = newest_revisions(result for result in selected if isinstance(result, OutcomeResult))
    disclosed = (disclose_outcomes(result, k_of(result)) for result in newest)
    return build_frame(OUTCOME_COLUMNS, outcome_records(disclosed, limits_by_model(loaded)))


def alerts(
    policy: PolicySource,
    *,
    kafka: str | None = None,
    model: str | None = None,
    attribute: str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
) -> pd.DataFrame:
    """Return the published alerts: one row for each breach and each recovery, oldest first.

    The columns are listed in ``docs/api.md``.

    Args:
        policy: A policy, the name of a shipped one, or the path of a TOML file.
        kafka: Bootstrap servers, ``host:port``; None for ``FAIRSTREAM_KAFKA``, and without it 127.0.0.1:9092.
        model: Only this model of the policy, with its outcomes; None for all.
        attribute: Only this protected attribute; None for all.
        start: Only alerts from this event time on; in the forms of ``results``.
        end: Only alerts up to this event time; in the same forms.

    Returns:
        One row for each alert; without alerts there are no rows, but all columns.

    Raises:
        BrokerUnavailableError: No broker answers, or it went away.
        ConfigError: An argument is invalid, or the policy has no such attribute or window.
        DependencyMissingError: pandas is not installed.
        PolicyError: The policy is missing or has an error.
        TopicError: The topic of the alerts does not exist.
    """
    loaded, extract = _prepare(policy, model, attribute, None, start, end)
    k_of = smallest_groups_of_records(loaded)
    selected = sorted(_read(open_alerts, kafka, extract.has_alert), key=lambda alert: (alert.at_s, alert.id))
    return build_frame(ALERT_COLUMNS, alert_records(disclose_alert(alert, k_of(alert)) for alert in selected))


def read_policy(policy: PolicySource) -> Policy:
    """Return the policy that is meant."""
    return policy if isinstance(policy, Policy) else load_policy(str(policy))


def kafka_connection(kafka: str | None) -> KafkaConnection:
    """Return the connection: the servers that are given or those of the environment, and its TLS and SASL settings."""
    return load_settings(os.environ, kafka=kafka).connection


def moment_s(name: str, moment: object, default_s: float) -> float:
    """Return a moment in seconds since 1970; ``default_s`` for None.

    Raises:
        ConfigError: It is not a moment, or a time without a time zone.
    """
    if moment is None:
        return default_s
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ConfigError(f"{name}: the time has no time zone", action="Example: datetime(2026, 1, 1, tzinfo=UTC)")
        return moment.timestamp()
    if isinstance(moment, str):
        return parse_moment(moment, time.time())
    if isinstance(moment, int | float) and not isinstance(moment, bool) and math.isfinite(moment):
        return moment
    raise ConfigError(f"{name}: expected a datetime, text or seconds since 1970, got {moment!r}")


def _prepare(
    policy: PolicySource,
    model: str | None,
    attribute: str | None,
    window: str | None,
    start: Moment | None,
    end: Moment | None,
) -> tuple[Policy, Extract]:
    load_pandas()  # before a topic is read for nothing
    loaded = read_policy(policy)
    selection = select(loaded, model, attribute, window)
    start_s, end_s = moment_s("start", start, -math.inf), moment_s("end", end, math.inf)
    return loaded, Extract(selection=selection, start_s=start_s, end_s=end_s)


def _read(
    open_reader: Callable[[KafkaConnection], ResultReader[Record]],
    kafka: str | None,
    is_selected: Callable[[Record], bool],
) -> Iterable[Record]:
    with open_reader(kafka_connection(kafka)) as reader:
        selected = list(filter(is_selected, reader.read_to_end()))
        if reader.n_unreadable:
            warnings.warn(f"{reader.n_unreadable} records of another version of FairStream were left out", stacklevel=3)
    return selected
