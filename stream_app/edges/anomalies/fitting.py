"""Fits an isolation forest with scikit-learn and takes its trees out as plain arrays."""

from __future__ import annotations

from importlib import metadata
from typing import Any, NamedTuple

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.errors import ConfigError
from stream_app.extras import import_extra
from stream_app.pipeline.ingest.tags.forest import LENGTH_STEPS, Forest

MIN_EVENTS = 100


class FittedForest(NamedTuple):
    """A forest and what fitted it.

    Attributes:
        forest: The trees.
        library: Version of scikit-learn.
    """

    forest: Forest
    library: str


def fit_forest(values: Floats, *, n_trees: int, seed: int) -> FittedForest:
    """Fit a forest to the numbers of some events; the same numbers and seed give the same one.

    Args:
        values: Of each event, float64, shape (n, n_features); nan where an event has none.
        n_trees: Number of trees.
        seed: Seed of the random cuts.

    Raises:
        ConfigError: there are too few events, or a feature that no event has.
        DependencyMissingError: scikit-learn is not installed.
    """
    if len(values) < MIN_EVENTS:
        raise ConfigError(f"{len(values)} events are too few for a reference", action=f"Give at least {MIN_EVENTS}")
    is_missing = np.isnan(values)
    if is_missing.all(axis=0).any():
        raise ConfigError("No event of the sample has one of the features", action="Leave it out of --features")
    ensemble = import_scikit_learn()
    medians = np.nanmedian(values, axis=0)
    fitted = ensemble.IsolationForest(n_estimators=n_trees, random_state=seed)
    fitted.fit(np.where(is_missing, medians, values))
    return FittedForest(_plain(fitted, medians), metadata.version("scikit-learn"))


def import_scikit_learn() -> Any:
    """Return the module of scikit-learn that has isolation forests.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra("sklearn.ensemble", "An anomaly reference")


def _plain(fitted: Any, medians: Floats) -> Forest:
    n_nodes = np.array([0, *(tree.tree_.node_count for tree in fitted.estimators_)])
    roots = np.cumsum(n_nodes)[:-1]
    trees = [
        _tree(estimator.tree_, int(root), [int(place) for place in places])
        for estimator, root, places in zip(fitted.estimators_, roots, fitted.estimators_features_, strict=True)
    ]
    children, feature, threshold, length = (np.concatenate(arrays) for arrays in zip(*trees, strict=True))
    usual_length = float(usual_lengths(np.array([fitted.max_samples_]))[0])
    return Forest(roots.astype(np.int64), children, feature, threshold, length, usual_length, medians)


def _tree(tree: Any, root: int, places: list[int]) -> tuple[Any, Any, Any, Any]:
    nodes = np.arange(tree.node_count)
    is_leaf = tree.children_left < 0
    children = np.column_stack([tree.children_left, tree.children_right])
    children = np.where(is_leaf[:, None], nodes[:, None], children)
    depth = np.zeros(len(nodes))
    for node in nodes[~is_leaf]:  # parents come before their children
        depth[children[node]] = depth[node] + 1
    feature = np.where(is_leaf, 0, np.array(places)[np.maximum(tree.feature, 0)])
    threshold = np.where(is_leaf, 0.0, tree.threshold)
    length = np.rint((depth + usual_lengths(tree.n_node_samples)) * LENGTH_STEPS).astype(np.int64)
    return (children + root).ravel().astype(np.int64), feature.astype(np.int64), threshold, length


def usual_lengths(n: Any) -> Floats:
    """Return the usual length of a path in trees of this many events, float64: c(n) of Liu, Ting and Zhou, equation 1.

    >>> usual_lengths(np.array([1, 2, 256])).round(3).tolist()
    [0.0, 1.0, 10.245]
    """
    counts = np.asarray(n, np.float64)
    others = np.maximum(counts - 1, 2)  # one and two events have a length of their own
    lengths = 2 * (np.log(others) + np.euler_gamma) - 2 * others / (others + 1)
    usual: Floats = np.where(others < counts, lengths, np.clip(counts - 1, 0, 1))
    return usual
