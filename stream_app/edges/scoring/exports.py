"""Remedies as models that other programs run: a fitted model in ONNX or skops, cuts by group in ONNX."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from stream_app.edges.scoring.onnx_writing import column, node, numbers, texts, write_model
from stream_app.extras import import_extra
from stream_app.pipeline.replay.mitigation.results import FittedModel, Thresholds


def write_onnx(model: FittedModel, properties: Mapping[str, str]) -> bytes:
    """Return the model in ONNX: ``features``, a column for each, of type double, to the chance of a favorable label.

    Args:
        model: The model.
        properties: What a person should know about it.
    """
    coefficients = np.array(model.coefficients)[:, np.newaxis]
    return write_model(
        [
            node("MatMul", ["features", "coefficients"], "weighted"),
            node("Add", ["weighted", "intercept"], "logit"),
            node("Sigmoid", ["logit"], "score"),
        ],
        [numbers("coefficients", coefficients), numbers("intercept", np.array([model.intercept]))],
        [column("features", "double", len(model.features))],
        [column("score", "double", 1)],
        {"features": ", ".join(model.features), **properties},
    )


def write_skops(model: FittedModel) -> bytes:
    """Return the model as scikit-learn's ``LogisticRegression`` in a file of skops; all its types are safe to read.

    Raises:
        DependencyMissingError: scikit-learn or skops is not installed.
    """
    skops, linear = import_skops_writer()
    wrapped = linear.LogisticRegression()
    wrapped.classes_ = np.array([0, 1])
    wrapped.coef_ = np.array([model.coefficients])
    wrapped.intercept_ = np.array([model.intercept])
    wrapped.n_features_in_ = len(model.features)
    wrapped.feature_names_in_ = np.array(model.features, dtype=object)
    content: bytes = skops.dumps(wrapped)
    return content


def write_cuts(thresholds: Thresholds, properties: Mapping[str, str]) -> bytes:
    """Return cuts by group in ONNX, of one column for each input and output.

    It takes ``score`` (double), ``group`` (text) and ``lot`` (double), a number that is drawn from [0, 1) for each
    person, and gives ``is_favorable`` and ``has_group``. A group that has no cuts is never favorable, and ``has_group``
    is false there.

    Args:
        thresholds: The cuts.
        properties: What a person should know about them.
    """
    groups = thresholds.groups
    first = [math.inf if group.cut is None else group.cut for group in groups]
    second = [-math.inf if group.other_cut is None else group.other_cut for group in groups]
    return write_model(
        [
            node("Equal", ["group", "groups"], "is_group"),
            node("Less", ["lot", "shares"], "is_first"),
            node("Where", ["is_first", "cuts", "other_cuts"], "cut_of_group"),
            node("Where", ["is_group", "cut_of_group", "never"], "cuts_that_apply"),
            node("ReduceMin", ["cuts_that_apply", "axis"], "cut", keepdims=1),
            node("Greater", ["score", "cut"], "is_favorable"),
            node("Cast", ["is_group"], "matches", to=7),
            node("ReduceMax", ["matches", "axis"], "any_match", keepdims=1),
            node("Cast", ["any_match"], "has_group", to=9),
        ],
        [
            texts("groups", [group.group for group in groups]),
            numbers("shares", np.array([[group.share for group in groups]])),
            numbers("cuts", np.array([first])),
            numbers("other_cuts", np.array([second])),
            numbers("never", np.array([math.inf])),
            numbers("axis", np.array([1], np.int64)),
        ],
        [column("score", "double", 1), column("group", "string", 1), column("lot", "double", 1)],
        [column("is_favorable", "bool", 1), column("has_group", "bool", 1)],
        properties,
    )


def import_skops_writer() -> tuple[Any, Any]:
    """Return the modules that write the format.

    Raises:
        DependencyMissingError: one of them is not installed.
    """
    purpose = "A model of scikit-learn"
    linear = import_extra("sklearn.linear_model", purpose)  # skops needs it, too
    return import_extra("skops.io", purpose), linear
