"""Mistakes in TOML and in the form of a field."""

from __future__ import annotations

from tests.support.policies.plain import PLAIN, Mistake

MISTAKES: dict[str, Mistake] = {
    "no TOML": ("schema = 1", "schema = ", ("not valid TOML", "line 2")),
    "a key twice": ('topic = "raw"', 'topic = "raw"\ntopic = "raw"', ("not valid TOML", "overwrite")),
    "nested without end": ("schema = 1", "schema = " + "[" * 5000, ("not valid TOML",)),
    "a number of 5,000 digits": ("schema = 1", "schema = " + "1" * 5000, ("not valid TOML",)),
    "a later format": ("schema = 1", "schema = 2", ("schema: expected 1, got 2",)),
    "a misspelled field": (
        'topic = "raw"',
        'topics = "raw"',
        ("models[0]: unknown field 'topics' (did you mean 'topic'?)",),
    ),
    "a misspelled inner field": (
        'link_domain = "case"',
        "linkdomain = 1",
        ("models[0].event_id: unknown field 'linkdomain' (did you mean 'link_domain'?)",),
    ),
    "no topic": ('topic = "raw"', "", ("models[0]: required field 'topic' is missing",)),
    "no format": ("schema = 1", "", ("required field 'schema' is missing",)),
    "a boolean as a number": ("keep =", "rules = { max_gap = true }\nkeep =", ("models[0].rules.max_gap", "got true")),
    "a list as a number": ("keep =", "rules = { max_gap = [1] }\nkeep =", ("models[0].rules.max_gap", "got a list")),
    "a table as a number": (
        "keep =",
        "rules = { max_gap = { a = 1 } }\nkeep =",
        ("models[0].rules.max_gap: expected a number above 0 and below 1, got a table",),
    ),
    "text that cannot be printed": (
        "keep =",
        'privacy = { k = "\\u0007" }\nkeep =',
        ("models[0].privacy.k", r"got '\x07'"),
    ),
    "no model": (PLAIN, "schema = 1\nmodels = []", ("models: expected a list of 1 to 64 entries, got 0",)),
    "a number as text": (
        "size_s = 60",
        'size_s = "60 "',
        ("models[0].windows[0].size_s: expected a whole number from 1 to 31,622,400, got '60 '",),
    ),
    "a name with blanks": (
        'name = "m"',
        'name = "M x"',
        ("models[0].name: expected a name: a lowercase letter", "got 'M x'"),
    ),
    "a topic with a slash": (
        'topic = "raw"',
        'topic = "../raw"',
        ("models[0].topic: expected a topic: letters", "got '../raw'"),
    ),
    "a path with an empty key": ('path = "t"', 'path = "a..t"', ("models[0].event_time.path: expected a path: keys",)),
    "a path with a quote": ('path = "t"', "path = 'a\"t'", ("models[0].event_time.path: expected a path: keys",)),
    "a path with a line break": ('path = "t"', 'path = "a\\nt"', ("models[0].event_time.path: expected a path: keys",)),
}
