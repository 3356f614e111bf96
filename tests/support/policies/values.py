"""Mistakes in times, limits and single fields."""

from __future__ import annotations

from tests.support.policies.plain import Mistake

MISTAKES: dict[str, Mistake] = {
    "another time format": (
        'path = "t"',
        'path = "t", format = "rfc"',
        ("models[0].event_time.format: expected 'epoch' or 'epoch_ms' or 'epoch_ns' or", "or 'iso8601', got 'rfc'"),
    ),
    "an unknown time zone": (
        'path = "t"',
        'path = "t", time_zone = "Europe/Bern"',
        ("models[0].event_time.time_zone: unknown time zone 'Europe/Bern'; expected one such as 'Europe/Berlin'",),
    ),
    "a time zone of numbers": (
        'path = "t"',
        'path = "t", format = "epoch", time_zone = "UTC"',
        ("models[0].event_time.time_zone: needs format = 'iso8601'",),
    ),
    "a window of no panes": (
        "size_s = 60",
        "size_s = 65",
        ("models[0].windows[0].size_s: 65 is not a multiple of pane_s = 10",),
    ),
    "a pane of no time": (
        'path = "t"',
        'path = "t", pane_s = 0',
        ("event_time.pane_s: expected a whole number from 1 to 3,600, got 0",),
    ),
    "disorder below zero": (
        'path = "t"',
        'path = "t", out_of_orderness_s = -1',
        ("out_of_orderness_s: expected a whole number from 0 to 86,400, got -1",),
    ),
    "idle for nan": (
        'path = "t"',
        'path = "t", idle_s = nan',
        ("event_time.idle_s: expected a number above 0, at most 86,400, got nan",),
    ),
    "idle for ever": ('path = "t"', 'path = "t", idle_s = inf', ("at most 86,400, got inf",)),
    "a version without a path": (
        "keep =",
        'model_version = ""\nkeep =',
        ("models[0].model_version: expected a path: keys", "got ''"),
    ),
    "a version that is kept too": (
        "keep =",
        'model_version = "note"\nkeep =',
        ("models[0]: path 'note' occurs twice",),
    ),
    "k = 1": (
        "keep =",
        "privacy = { k = 1 }\nkeep =",
        ("models[0].privacy.k: expected a whole number, at least 5, got 1",),
    ),
    "an export of everything": (
        "keep =",
        'privacy = { exportable_records = "all" }\nkeep =',
        ("models[0].privacy.exportable_records: expected 'none' or 'pseudonymized' or 'raw', got 'all'",),
    ),
    "a ratio of 0": (
        "keep =",
        "rules = { min_disparate_impact_ratio = 0 }\nkeep =",
        ("min_disparate_impact_ratio: expected a number above 0, at most 1, got 0",),
    ),
    "a ratio of 1e9": (
        "keep =",
        "rules = { min_disparate_impact_ratio = 1e9 }\nkeep =",
        ("at most 1, got 1000000000.0",),
    ),
    "a negative gap": (
        "keep =",
        "rules = { max_gap = -0.2 }\nkeep =",
        ("rules.max_gap: expected a number above 0 and below 1, got ",),
    ),
    "a gap of nan": (
        "keep =",
        "rules = { max_gap = nan }\nkeep =",
        ("rules.max_gap: expected a number above 0 and below 1, got ",),
    ),
    "a threshold as text": (
        "keep =",
        'rules = { max_gap = "0.8 " }\nkeep =',
        ("rules.max_gap: expected a number", "got '0.8 '"),
    ),
    "a switch as number": (
        '"person" }',
        '"person", is_required = 1 }',
        ("identifiers[0].is_required: expected true or false, got 1",),
    ),
    "an unknown canonicalizer": (
        '"person" }',
        '"person", canonical = "phone" }',
        ("identifiers[0].canonical: expected 'email' or", "'text-or-integer', got 'phone'"),
    ),
    "an event id that may be absent": (
        '"case" }',
        '"case", is_required = false }',
        ("event_id.is_required: must be true",),
    ),
}
