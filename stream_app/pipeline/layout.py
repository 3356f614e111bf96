"""The cells that a policy defines: the one place where all steps agree on their codes."""

from __future__ import annotations

import math
from itertools import pairwise

from stream_app.core.windows.cell_mapping import CellMapping, MappedFeature
from stream_app.core.windows.cells import CellLayout
from stream_app.errors import StateError
from stream_app.policy import DECISION, OTHER, OUTCOME, SCORE, UNKNOWN, Feature, ModelPolicy, Score, canonical_label

__all__ = [
    "AWAITED",
    "DECISION",
    "EXPIRED",
    "FAVORABLE",
    "OUTCOME",
    "OUTCOME_LABELS",
    "SCORE",
    "UNFAVORABLE",
    "index_by_label",
    "layout_of",
    "mapping_between",
    "outcome_layout_of",
]

FAVORABLE = "favorable"
UNFAVORABLE = "unfavorable"
AWAITED = "awaited"  # the outcome of a decision that began to wait for one
EXPIRED = "expired"  # the outcome of a decision that left without one
OUTCOME_LABELS = (FAVORABLE, UNFAVORABLE, AWAITED, EXPIRED)


def layout_of(model: ModelPolicy) -> CellLayout:
    """Return the cell layout of a model.

    The dimensions are the attributes in declared order, then the segment if there is one, then the decision for a
    model of kind ``decisions``, then the bins of the score if there is one. Labels of attributes and segment are
    spelled as in the policy, followed by ``unknown`` (null) and ``__other__`` (not listed).
    """
    dimensions = [(attribute.name, (*attribute.groups, UNKNOWN, OTHER)) for attribute in model.attributes]
    if model.segment is not None:
        dimensions.append((model.segment.name, (*model.segment.values, UNKNOWN, OTHER)))
    if model.kind == "decisions":
        dimensions.append((DECISION, (FAVORABLE, UNFAVORABLE)))
    if model.score is not None:
        dimensions.append((SCORE, model.score.bins))
    return CellLayout(tuple(dimensions), len(model.counted_features))


def outcome_layout_of(model: ModelPolicy) -> CellLayout:
    """Return the cell layout of the outcomes of a model: that of its decisions, with the outcome as last dimension.

    A decision is counted as ``awaited`` when it begins to wait, as ``favorable`` or ``unfavorable`` when its outcome
    comes, and as ``expired`` when it leaves without one. So the decisions still without an outcome are
    ``awaited - favorable - unfavorable - expired``, a sum over cells like any other count. The only feature is the
    score.
    """
    layout = layout_of(model)
    return CellLayout((*layout.dimensions, (OUTCOME, OUTCOME_LABELS)), 0 if model.score is None else 1)


def mapping_between(old: ModelPolicy, new: ModelPolicy, *, of_outcomes: bool = False) -> CellMapping | None:
    """Return the map from counts under one policy of a model to the cells of another; None where they are the same.

    Sums of a feature whose scale changed are kept where the new scale is a multiple of the old one; otherwise the
    feature counts from now on. Bins of scores may be joined, not divided.

    Args:
        old: The policy under which was counted.
        new: The policy that is to be followed.
        of_outcomes: Whether the counts are those of outcomes.

    Raises:
        StateError: there is no such map; the message says which change makes it impossible and what to do instead.
    """
    make = outcome_layout_of if of_outcomes else layout_of
    if reason := _obstacle(old, new):
        raise StateError(
            f"Stored counts of model {new.name!r} cannot be continued under the policy: {reason}",
            action="Undo this change, or count again from the raw topics under a new app id: set FAIRSTREAM_APP_ID, "
            "then run fairstream topics create and the workers",
        )
    places = {}
    if old.score is not None and new.score is not None:
        places[SCORE] = [_bin_around(low, high, new.score) for low, high in _bins_of(old.score)]
    score_only = slice(-1, None) if of_outcomes else slice(None)
    features = _mapped_features(
        old.counted_features[score_only] if old.score or not of_outcomes else (),
        new.counted_features[score_only] if new.score or not of_outcomes else (),
    )
    layouts, same = (make(old), make(new)), tuple(MappedFeature(place) for place in range(len(features)))
    if layouts[0].dimensions == layouts[1].dimensions and features == same and layouts[0].width == layouts[1].width:
        return None
    return CellMapping(*layouts, features, places)


def _obstacle(old: ModelPolicy, new: ModelPolicy) -> str:
    """Return which change of a policy has no map; empty when there is one."""
    if old.event_time.pane_s != new.event_time.pane_s:
        return f"event_time.pane_s changed from {old.event_time.pane_s} to {new.event_time.pane_s}"
    if old.kind != new.kind:
        return f"kind changed from {old.kind!r} to {new.kind!r}"
    if new.score is None:
        return ""
    if old.score is None:
        return "a score was added, and the score of what is counted already is not known"
    if any(_bin_around(low, high, new.score) < 0 for low, high in _bins_of(old.score)):
        return "score.edges divide a bin of scores that is counted already"
    return ""


def _bins_of(score: Score) -> list[tuple[float, float]]:
    """Return the ends of each bin; the first and the last are open, as records outside are rejected."""
    ends = (-math.inf, *score.edges, math.inf)
    return list(pairwise(ends))


def _bin_around(low: float, high: float, score: Score) -> int:
    """Return the place of the bin that contains an interval; -1 where none does."""
    bins = _bins_of(score)
    return next((place for place, (first, last) in enumerate(bins) if first <= low and high <= last), -1)


def _mapped_features(old: tuple[Feature, ...], new: tuple[Feature, ...]) -> tuple[MappedFeature, ...]:
    places = {feature.name: place for place, feature in enumerate(old)}
    mapped = []
    for feature in new:
        place = places.get(feature.name)
        factor, rest = (1, 0) if place is None else divmod(feature.scale, old[place].scale)
        mapped.append(MappedFeature(place, factor) if factor and not rest else MappedFeature(None))
    return tuple(mapped)


def index_by_label(labels: tuple[str, ...]) -> dict[str, int]:
    """Return the index of each label of a dimension by its canonical form.

    A value that is not in it counts as ``__other__``, whose index is the last.

    >>> index_by_label(("Female", "male", "unknown", "__other__"))
    {'female': 0, 'male': 1, 'unknown': 2, '__other__': 3}
    """
    return {canonical_label(label): index for index, label in enumerate(labels)}
