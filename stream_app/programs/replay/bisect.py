"""``replay bisect``: one pass over the log for the onset of one pair's change."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream_app.errors import ConfigError
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.bisect.onset import Metric, Onset, find_onset
from stream_app.pipeline.replay.bisect.pair_panes import PairPanes
from stream_app.pipeline.replay.bisect.version_change import VersionChange, explain_versions
from stream_app.pipeline.replay.bisect.version_panes import VersionPanes
from stream_app.pipeline.replay.ranges.range_replay import TimeRange
from stream_app.policy import Attribute, ModelPolicy
from stream_app.programs.replay.run import begins_of
from stream_app.programs.replay.sources import OnProgress, SourceChoice, open_sources
from stream_app.settings import Settings


@dataclass(frozen=True)
class Bisection:
    """What a search found.

    Attributes:
        onset: The likeliest change; None where there are too few decisions.
        versions: The versions of the model before and after it; None where the policy names no ``model_version``.
        offsets: By partition the first offset of the run of records in which the pane of the onset first shows.
    """

    onset: Onset | None = None
    versions: VersionChange | None = None
    offsets: dict[int, int] = field(default_factory=dict)


def attribute_of(model: ModelPolicy, group: str, name: str | None) -> Attribute:
    """Return the attribute that a group belongs to.

    Raises:
        ConfigError: none has the group, several have it, or it is the reference.
    """
    found = [own for own in model.attributes if group in own.groups and name in (None, own.name)]
    if len(found) != 1:
        known = ", ".join(f"{own.name}: {'/'.join(own.groups)}" for own in model.attributes)
        raise ConfigError(f"{len(found)} attributes have the group {group!r}", action=f"Groups: {known}; --attribute")
    if found[0].reference == group:
        raise ConfigError(f"{group!r} is the reference of {found[0].name}", action="Name another group")
    return found[0]


def bisect(
    settings: Settings,
    model: ModelPolicy,
    attribute: Attribute,
    group: str,
    metric: Metric,
    time_range: TimeRange,
    choice: SourceChoice,
    note: OnProgress,
) -> Bisection:
    """Find the onset, the first record of its pane in each partition, and the versions of the model around it.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
    """
    whole = time_range.aligned(model.event_time.pane_s)
    panes = PairPanes(model, layout_of(model), attribute, group)
    versions = _version_panes(model, attribute, group)
    observe = None if versions is None else versions.reader_of(model.event_time.pane_s)
    first_seen: dict[int, dict[int, int]] = {}
    with open_sources(settings, model, choice, note, observe) as sources:
        sources.reader.seek(begins_of(sources.reader, model, whole, choice))
        for partition in sources.reader.partitions:
            counter = sources.new_counter(model, {})
            while (batch := sources.next_run(partition)) is not None:
                counted = list(counter.count(batch))
                panes.add(counted)
                for start_s, _ in counted:
                    first_seen.setdefault(start_s, {}).setdefault(partition, batch.first_offset)
                if counter.closed_before_s is not None and counter.closed_before_s >= whole.to_s:
                    break
    onset = find_onset(panes.in_order(whole.from_s, whole.to_s), metric, model.privacy.k)
    if onset is None:
        return Bisection()
    change = None
    if versions is not None:
        by_version = versions.in_order(whole.from_s, whole.to_s)
        change = explain_versions(by_version, onset, model.privacy.k, is_cut=versions.is_cut)
    return Bisection(onset, change, first_seen.get(onset.pane_s, {}))


def _version_panes(model: ModelPolicy, attribute: Attribute, group: str) -> VersionPanes | None:
    if model.model_version is None or model.decision is None:
        return None
    return VersionPanes(model.model_version, model.decision, attribute, group)
