"""What a changed policy means for counts: under which policy they were made, and their cells under another one."""

from __future__ import annotations

import math
from itertools import pairwise

from stream_app.core.windows.cells import CellMapping, MappedFeature
from stream_app.errors import StateError, UnknownPolicyError
from stream_app.pipeline.layout import CLUSTER, SCORE, layout_of, outcome_layout_of, pane_layout_of
from stream_app.pipeline.names import is_of_outcomes, model_of
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.policy import BUCKET_LABELS, N_BUCKETS, Feature, ModelPolicy, Score, outcome_layout_hash


def layout_hash_of(model: ModelPolicy, name: str) -> str:
    """Return the hash of the cells that are counted under a name: of the model, or of its outcomes."""
    return outcome_layout_hash(model) if is_of_outcomes(name) else model.layout_hash()


def present_policy(book: PolicyBook, name: str) -> RegisteredPolicy | None:
    """Return the policy under which a model, or its outcomes, are judged: the newest; None where there is none."""
    policies = book.of_model(model_of(name))
    return next((policy for policy in policies if not is_of_outcomes(name) or policy.model.outcome is not None), None)


def counting_policy(book: PolicyBook, name: str, policy_hash: str, layout_hash: str) -> RegisteredPolicy:
    """Return the policy under which something was counted.

    Args:
        book: The registered policies.
        name: Name of the model, or of its outcomes.
        policy_hash: Hash of the policy; empty where version 0.2 counted, which did not name it.
        layout_hash: Hash of the cells, by which the policy of such counts is found.

    Raises:
        UnknownPolicyError: the policy is not registered.
        StateError: version 0.2 counted under a policy that is not registered.
    """
    model = model_of(name)
    if policy_hash:
        if (policy := book.get(model, policy_hash)) is not None:
            return policy
        raise UnknownPolicyError(
            f"Counts of model {model!r} were made under policy {policy_hash}, which is not registered",
            action="Start a worker with that policy once, or run: fairstream policy activate FILE",
        )
    for policy in book.of_model(model):
        if (policy.model.outcome is not None or not is_of_outcomes(name)) and (
            layout_hash_of(policy.model, name) == layout_hash
        ):
            return policy
    raise StateError(
        f"Counts of model {model!r} were made by version 0.2 under another policy",
        action="Start this version with the policy of that time first; then change the policy",
    )


def mapping_between(
    old: ModelPolicy, new: ModelPolicy, *, of_outcomes: bool = False, is_summed: bool = False
) -> CellMapping | None:
    """Return the map from counts under one policy of a model to the cells of another; None where they are the same.

    Sums of a feature whose scale changed are kept where the new scale is a multiple of the old one; otherwise the
    feature counts from now on. Bins of scores may be joined, not divided. What was counted by clusters at one place is
    ``unknown`` by clusters at another.

    Args:
        old: The policy under which was counted.
        new: The policy that is to be followed.
        of_outcomes: Whether the counts are those of outcomes.
        is_summed: Whether they are summed over buckets, as in windows; if not, they are those of panes.

    Raises:
        StateError: there is no such map; the message says which change makes it impossible and what to do instead.
    """
    make = outcome_layout_of if of_outcomes else layout_of if is_summed else pane_layout_of
    if reason := _obstacle(old, new):
        raise StateError(
            f"Stored counts of model {new.name!r} cannot be continued under the policy: {reason}",
            action="Undo this change, or count again from the raw topics under a new app id: set FAIRSTREAM_APP_ID, "
            "then run fairstream topics create and the workers",
        )
    places = {}
    if old.score is not None and new.score is not None:
        places[SCORE] = [_bin_around(low, high, new.score) for low, high in _bins_of(old.score)]
    if make is pane_layout_of and None not in (old.cluster, new.cluster) and old.cluster != new.cluster:
        places[CLUSTER] = [N_BUCKETS] * len(BUCKET_LABELS)
    features = _mapped_features(*(_features_of(model, of_outcomes=of_outcomes) for model in (old, new)))
    layouts, same = (make(old), make(new)), tuple(MappedFeature(place) for place in range(len(features)))
    is_same = layouts[0].dimensions == layouts[1].dimensions and features == same
    if is_same and layouts[0].width == layouts[1].width and CLUSTER not in places:
        return None
    return CellMapping(*layouts, features, places)


def score_factor(old: ModelPolicy, new: ModelPolicy) -> float | None:
    """Return the factor between the fixed points of scores under two policies; None where the new one has no scores."""
    if old.score is None or new.score is None:
        return None
    return new.score.as_feature.scale / old.score.as_feature.scale


def _obstacle(old: ModelPolicy, new: ModelPolicy) -> str:
    """Return which change of a policy has no map; empty when there is one."""
    if old.event_time.pane_s != new.event_time.pane_s:
        return f"event_time.pane_s changed from {old.event_time.pane_s} to {new.event_time.pane_s}"
    if old.kind != new.kind:
        return f"kind changed from {old.kind!r} to {new.kind!r}"
    if _amounts_of(old) != _amounts_of(new):
        return "minimum, maximum or bins of the decision changed, and what is counted already has other bins"
    return "" if new.score is None else _obstacle_of_score(old, new.score)


def _obstacle_of_score(old: ModelPolicy, score: Score) -> str:
    if old.score is None:
        return "a score was added, and the score of what is counted already is not known"
    if any(_bin_around(low, high, score) < 0 for low, high in _bins_of(old.score)):
        return "score.edges divide a bin of scores that is counted already"
    return ""


def _amounts_of(model: ModelPolicy) -> tuple[object, ...]:
    """Return what the cells of amounts depend on; the same for all other decisions."""
    decision = model.decision
    return () if decision is None or not decision.is_amount else (*decision.range, decision.bins)


def _bins_of(score: Score) -> list[tuple[float, float]]:
    """Return the ends of each bin; the first and the last are open, as records outside are rejected."""
    ends = (-math.inf, *score.edges, math.inf)
    return list(pairwise(ends))


def _bin_around(low: float, high: float, score: Score) -> int:
    """Return the place of the bin that contains an interval; -1 where none does."""
    bins = _bins_of(score)
    return next((place for place, (first, last) in enumerate(bins) if first <= low and high <= last), -1)


def _features_of(model: ModelPolicy, *, of_outcomes: bool) -> tuple[Feature, ...]:
    """Return the features whose sums a cell has; of outcomes, the score alone."""
    if not of_outcomes:
        return model.counted_features
    return () if model.score is None else (model.score.as_feature,)


def _mapped_features(old: tuple[Feature, ...], new: tuple[Feature, ...]) -> tuple[MappedFeature, ...]:
    places = {feature.name: place for place, feature in enumerate(old)}
    mapped = []
    for feature in new:
        place = places.get(feature.name)
        factor, rest = (1, 0) if place is None else divmod(feature.scale, old[place].scale)
        mapped.append(MappedFeature(place, factor) if factor and not rest else MappedFeature(None))
    return tuple(mapped)
