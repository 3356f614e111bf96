"""Mistakes in names, features and paths."""

from __future__ import annotations

from tests.support.policies.plain import Mistake

MANY_GROUPS = """
    { name = "NAME", path = "NAME", reference = "0", groups = [GROUPS] },
""".replace("GROUPS", ", ".join(f'"{number}"' for number in range(64)))

MISTAKES: dict[str, Mistake] = {
    "two attributes of one name": ('name = "age"', 'name = "sex"', ("attributes[...].name: 'sex' occurs twice",)),
    "a segment named like an attribute": (
        'name = "site"',
        'name = "age"',
        ("attributes[...].name: 'age' occurs twice",),
    ),
    "an attribute named decision": (
        'name = "age"',
        'name = "decision"',
        ("attributes[...].name: 'decision' is reserved",),
    ),
    "a feature without range": (
        "minimum = 0, maximum = 1",
        "minimum = 1, maximum = 1",
        ("features[0]: minimum must be below maximum",),
    ),
    "a feature from nan": ("minimum = 0", "minimum = nan", ("features[0]: minimum must be below maximum",)),
    "a feature without end": (
        "maximum = 1",
        "maximum = inf",
        ("features[0].scale: |value| * scale must be at most 1,048,576",),
    ),
    "a feature too fine": (
        "maximum = 1, scale = 1000",
        "maximum = 2, scale = 1000000",
        ("so that sums stay exact", "features[0].scale"),
    ),
    "two features of one name": (
        "features = [",
        'features = [{ name = "score", path = "s2", minimum = 0, maximum = 1 },',
        ("features[...].name: 'score' occurs twice",),
    ),
    "a window named total": ('"1m"', '"total"', ("windows[...].name: 'total' is reserved",)),
    "no window": (
        '[{ name = "1m", size_s = 60 }]',
        "[]",
        ("models[0].windows: expected a list of 1 to 8 entries, got 0",),
    ),
    "one path for two fields": ('["note"]', '["note", "sex"]', ("models[0]: path 'sex' occurs twice",)),
    "a path inside another": ('["note"]', '["person"]', ("models[0]: path 'person.id' is inside path 'person'",)),
    "fields to drop where unknown ones are rejected": (
        '["note"]',
        '["note"]\ndrop = ["gps"]',
        ("drop: needs unknown_fields = 'drop'",),
    ),
    "an output that is read again": (
        'output_topic = "out"',
        'output_topic = "raw"',
        ("models[...].output_topic: 'raw' occurs twice",),
    ),
    "too many cells": (
        "attributes = [",
        "attributes = [" + "".join(MANY_GROUPS.replace("NAME", name) for name in "xyz"),
        ("models[0].attributes: the labels have 36,799,488 combinations, allowed are 1,000,000",),
    ),
}
