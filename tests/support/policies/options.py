"""Mistakes in clusters and anomalies, and of several models."""

from __future__ import annotations

from tests.support.policies.names import MANY_GROUPS
from tests.support.policies.plain import PLAIN, Mistake

ANOMALIES = f'anomalies = {{ features = ["score"], reference = "x", digest = "{"0" * 64}" }}\n'

MISTAKES: dict[str, Mistake] = {
    "cluster: published counts": (
        'decision = { path = "ok", favorable = true, unfavorable = [false] }',
        'kind = "counts"\ncluster = "by"',
        ("models[0].cluster: not allowed for kind 'counts'",),
    ),
    "cluster: the event id": ("keep =", 'cluster = "id"\nkeep =', ("models[0].cluster: is the event id",)),
    "cluster: an attribute": (
        "keep =",
        'cluster = "sex"\nkeep =',
        ("models[0].cluster: 'sex' is declared as attribute",),
    ),
    "cluster: a feature": (
        "keep =",
        'cluster = "score"\nkeep =',
        ("models[0].cluster: 'score' is declared as feature",),
    ),
    "cluster: inside another field": (
        "keep =",
        'cluster = "note.by"\nkeep =',
        ("path 'note.by' is inside path 'note'",),
    ),
    "cluster: the place of the bucket": (
        "keep = [",
        'cluster = "by"\nkeep = ["cluster_bucket", ',
        ("models[0].cluster: ", "'cluster_bucket'"),
    ),
    "cluster: a design effect too": (
        "keep =",
        'cluster = "by"\ndetection = { design_effect = 2 }\nkeep =',
        ("models[0].cluster: measures the design effect itself: leave detection.design_effect out",),
    ),
    "cluster: strata too": (
        "keep =",
        'cluster = "by"\ndetection = { is_stratified = true }\nkeep =',
        ("models[0].cluster: not allowed with detection.is_stratified",),
    ),
    "cluster: its name": (
        PLAIN,
        PLAIN.replace("keep =", 'cluster = "by"\nkeep =').replace('name = "sex"', 'name = "cluster"'),
        ("'cluster' is reserved",),
    ),
    "cluster: too many cells": (
        "attributes = [",
        'cluster = "by"\nattributes = [' + MANY_GROUPS.replace("NAME", "x") + MANY_GROUPS.replace("NAME", "y"),
        ("models[0].attributes: the labels have", "or no cluster"),
    ),
    "anomalies: an unknown feature": (
        "keep =",
        ANOMALIES.replace('["score"]', '["y"]') + "keep =",
        ("models[0].anomalies.features: 'y' is not a feature of the model",),
    ),
    "anomalies: a feature twice": (
        "keep =",
        ANOMALIES.replace('["score"]', '["score", "score"]') + "keep =",
        ("twice",),
    ),
    "anomalies: no digest": ("keep =", ANOMALIES.replace("00", "0g") + "keep =", ("anomalies.digest", "64 hex digits")),
    "anomalies: their field": ('keep = ["', ANOMALIES + 'keep = ["anomaly_score", "', ("'anomaly_score' is declared",)),
    "two models of one name": (PLAIN, PLAIN + PLAIN.replace("schema = 1", ""), ("models[...].name: 'm' occurs twice",)),
    "two models of one topic": (
        PLAIN,
        PLAIN + PLAIN.replace("schema = 1", "").replace('"m"\ntopic', '"n"\ntopic'),
        ("models[...].topic: 'raw' occurs twice",),
    ),
    "two models with one output": (
        PLAIN,
        PLAIN + PLAIN.replace("schema = 1", "").replace('"m"\ntopic = "raw"', '"n"\ntopic = "raw2"'),
        ("models[...].output_topic: 'out' occurs twice",),
    ),
}
