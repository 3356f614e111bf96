"""Mistakes in decisions and groups."""

from __future__ import annotations

from tests.support.policies.plain import Mistake

MISTAKES: dict[str, Mistake] = {
    "no decision": ("decision = ", "#", ("models[0].decision: required for kind 'decisions'",)),
    "a decision where counts are kept": (
        'topic = "raw"',
        'topic = "raw"\nkind = "counts"',
        ("models[0].decision: not allowed for kind 'counts'",),
    ),
    "decisions of two types": (
        "[false]",
        '["no"]',
        ("models[0].decision: favorable and unfavorable must be values of one type",),
    ),
    "a decision twice": ("[false]", "[true]", ("models[0].decision: 'true' occurs twice",)),
    "no unfavorable decision": (
        "[false]",
        "[]",
        ("decision.unfavorable: expected a list of at least 1 entries",),
    ),
    "no reference group": (
        ', reference = "m"',
        "",
        ("models[0].attributes[0].reference: a reference group is required, one of: f, m",),
    ),
    "a reference that is not a group": (
        'reference = "m"',
        'reference = "x"',
        ("models[0].attributes[0].reference: 'x' is not one of its groups (f, m)",),
    ),
    "no group": ('["f", "m"]', "[]", ("attributes[0]: needs groups, or the edges of bands",)),
    "a group twice": ('["f", "m"]', '["f", "m", "f"]', ("attributes[0].groups: label 'f' occurs twice",)),
    "a group in two spellings": (
        '["f", "m"]',
        '["f", "m", " Ｆ"]',
        ("attributes[0].groups: label ' Ｆ' occurs twice",),
    ),
    "a group that is implied": (
        '["f", "m"]',
        '["Unknown", "m"]',
        ("attributes[0].groups: label 'Unknown' occurs twice", "implied"),
    ),
    "a blank group": ('["f", "m"]', '[" ", "m"]', ("attributes[0].groups: label ' ' must be printable and not empty",)),
    "a group with an escape sequence": (
        '["f", "m"]',
        '["f\\u001b[2J", "m"]',
        ("must be printable and not empty", "groups"),
    ),
    "a segment value twice": ('["a", "b"]', '["a", "A"]', ("models[0].segment.values: label 'A' occurs twice",)),
}
