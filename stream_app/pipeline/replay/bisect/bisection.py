"""The search for the onset of one pair's change, in one pass over the log."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from stream_app.core.cause.decomposition import Driver
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.causes import DisclosedCause
from stream_app.pipeline.layout import pane_layout_of
from stream_app.pipeline.replay.bisect.onset import Metric, Onset, find_onset
from stream_app.pipeline.replay.bisect.pair_panes import PairPanes
from stream_app.pipeline.replay.bisect.shown_parts import ShownParts, segment_parts, version_parts
from stream_app.pipeline.replay.bisect.version_change import VersionChange, explain_versions
from stream_app.pipeline.replay.bisect.version_panes import VersionPanes
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.source_log import replay_starts
from stream_app.pipeline.replay.sources import Observe
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy


@dataclass(frozen=True)
class Bisection:
    """The result of a search.

    Attributes:
        onset: The most likely change; None where there are too few decisions.
        versions: The versions of the model before and after it; None where the policy names no ``model_version``.
        offsets: By partition the first offset of the run of records in which the pane of the onset first occurs.
        withheld: What is not shown, since fewer than k people would follow beside former releases: ``segments``,
            ``versions``.
    """

    onset: Onset | None = None
    versions: VersionChange | None = None
    offsets: dict[int, int] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()

    def without_segments(self) -> Bisection:
        """Return what is left where the parts by segment are withheld."""
        assert self.onset is not None
        before, after = (replace(side, cause=_whole(side.cause)) for side in (self.onset.before, self.onset.after))
        onset = replace(self.onset, before=before, after=after, segments=())
        return Bisection(onset, self.versions, self.offsets, (*self.withheld, "segments"))

    def without_versions(self) -> Bisection:
        """Return what is left where the parts by version are withheld."""
        return Bisection(self.onset, None, self.offsets, (*self.withheld, "versions"))


class BisectionSearch:
    """Counts one pair by pane, segment and version, and finds the onset of its change.

    Args:
        model: The policy of the model.
        attribute: The attribute of the pair.
        group: The group.
        metric: What may have changed.
        time_range: Where the change is searched for.
    """

    def __init__(
        self, model: ModelPolicy, attribute: Attribute, group: str, metric: Metric, time_range: TimeRange
    ) -> None:
        self._model = model
        self._pair = group, str(attribute.reference)
        self._metric = metric
        self._time_range = time_range.aligned(model.event_time.pane_s)
        self._panes = PairPanes(model, pane_layout_of(model), attribute, group)
        self._versions = _version_panes(model, attribute, group)
        self._first_offsets: dict[int, dict[int, int]] = {}  # by start of a pane and partition

    @property
    def observe(self) -> Observe | None:
        """What the counters of the sources pass their events to; None where the policy names no version."""
        return None if self._versions is None else self._versions.reader_of(self._model.event_time.pane_s)

    def count(self, sources: ModelSources) -> None:
        """Count every partition, from before the time range to its end."""
        log = sources.log
        log.seek(replay_starts(log, self._model, self._time_range, sources.kind))
        for partition in log.partitions:
            counter = sources.new_counter(self._model, {})
            while (batch := sources.next_batch(partition)) is not None:
                panes = list(counter.count(batch))
                self._panes.add(panes)
                for start_s, _ in panes:
                    self._first_offsets.setdefault(start_s, {}).setdefault(partition, batch.first_offset)
                if counter.closed_before_s is not None and counter.closed_before_s >= self._time_range.to_s:
                    break

    def result(self) -> Bisection:
        """Return the onset, the versions of the model, and the offsets of the first pane after the change."""
        from_s, to_s, k = self._time_range.from_s, self._time_range.to_s, self._model.privacy.k
        onset = find_onset(self._panes.in_order(from_s, to_s), self._metric, k)
        if onset is None:
            return Bisection()
        versions = None
        if self._versions is not None:
            by_version = self._versions.in_order(from_s, to_s)
            versions = explain_versions(by_version, onset, k, is_cut=self._versions.is_cut)
        return Bisection(onset, versions, self._first_offsets.get(onset.pane_s, {}))

    def sides(self, onset: Onset) -> list[tuple[TimeRange, dict[str, int]]]:
        """Return the people of the pair before an onset and from it on, with the time of each."""
        before, after = TimeRange(self._time_range.from_s, onset.pane_s), TimeRange(onset.pane_s, self._time_range.to_s)
        return [
            (time_range, dict(zip(self._pair, (side.n, side.n_reference), strict=True)))
            for time_range, side in ((before, onset.before), (after, onset.after))
        ]

    def segment_parts(self, onset: Onset) -> list[ShownParts]:
        """Return the people in the segments that are shown, before an onset and from it on; none without segments."""
        if self._model.segment is None:
            return []
        segments = (*self._model.segment.values, UNKNOWN, OTHER)
        panes = self._panes.in_order(self._time_range.from_s, self._time_range.to_s)
        return segment_parts(panes, onset, self._pair, segments, self._time_range)

    def version_parts(self, onset: Onset) -> list[ShownParts]:
        """Return the people under the versions that are shown, likewise; none where the policy names no version."""
        if self._versions is None:
            return []
        panes, k = self._versions.in_order(self._time_range.from_s, self._time_range.to_s), self._model.privacy.k
        return version_parts(panes, onset, self._pair, self._time_range, k, is_cut=self._versions.is_cut)


def _whole(cause: DisclosedCause) -> DisclosedCause:
    """Return a cause without anything that is computed from segments."""
    driver = Driver.NO_DECISIONS if cause.driver is Driver.NO_DECISIONS else Driver.NOT_SPLIT
    return replace(cause, driver=driver, driver_certainty=None, mix=None, rate=None, segments=(), simpson=False)


def attribute_of(model: ModelPolicy, group: str, name: str | None) -> Attribute:
    """Return the attribute that a group belongs to.

    Args:
        model: The policy of the model.
        group: The group.
        name: Name of the attribute; None where only one has the group.

    Raises:
        ConfigError: no attribute has the group, several have it, or it is the reference.
    """
    attributes = [
        attribute for attribute in model.attributes if group in attribute.groups and name in (None, attribute.name)
    ]
    if not attributes and any(group in proxy.groups for proxy in model.proxies):
        raise ConfigError(
            f"Group {group!r} is estimated from probabilities: versions are compared for groups of attributes only",
            action="fairstream replay run shows the estimates by window",
        )
    if len(attributes) != 1:
        known = ", ".join(f"{attribute.name}: {'/'.join(attribute.groups)}" for attribute in model.attributes)
        raise ConfigError(
            f"{len(attributes)} attributes have the group {group!r}", action=f"Groups: {known}; --attribute"
        )
    if attributes[0].reference == group:
        raise ConfigError(f"{group!r} is the reference of {attributes[0].name}", action="Name another group")
    return attributes[0]


def _version_panes(model: ModelPolicy, attribute: Attribute, group: str) -> VersionPanes | None:
    if model.model_version is None or model.decision is None:
        return None
    return VersionPanes(model.model_version, model.decision, attribute, group)
