"""Policies: each mistake is refused at the start, with the path of the field and what was expected."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_app.errors import PolicyError
from stream_app.pipeline.ingest.fields import schema_of
from stream_app.pipeline.layout import layout_of
from stream_app.policy import MAX_CELLS, Policy, load_policy, n_labels, parse_policy, read_policy_text, shipped_names

PLAIN = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
identifiers = [{ path = "person.id", link_domain = "person" }]
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [
    { name = "sex", path = "sex", groups = ["f", "m"], reference = "m" },
    { name = "age", path = "age", groups = ["young", "old"], reference = "old" },
]
segment = { name = "site", path = "site", values = ["a", "b"] }
features = [{ name = "score", path = "score", minimum = 0, maximum = 1, scale = 1000 }]
keep = ["note"]
windows = [{ name = "1m", size_s = 60 }]
"""

MANY_GROUPS = """
    { name = "NAME", path = "NAME", reference = "0", groups = [GROUPS] },
""".replace("GROUPS", ", ".join(f'"{number}"' for number in range(64)))

# The text that is replaced, by what, and what must be said (parts of one line).
MISTAKES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "no TOML": ("schema = 1", "schema = ", ("no valid TOML", "line 2")),
    "a key twice": ('topic = "raw"', 'topic = "raw"\ntopic = "raw"', ("no valid TOML", "overwrite")),
    "nested without end": ("schema = 1", "schema = " + "[" * 5000, ("no valid TOML",)),
    "a number of 5,000 digits": ("schema = 1", "schema = " + "1" * 5000, ("no valid TOML",)),
    "a later format": ("schema = 1", "schema = 2", ("Expected `1`, got 2 - at `$.schema`",)),
    "a misspelt field": ('topic = "raw"', 'topics = "raw"', ("unknown field `topics`", "`$.models[0]`")),
    "a misspelt inner field": ('link_domain = "case"', "linkdomain = 1", ("`linkdomain`", "`$.models[0].event_id`")),
    "no topic": ('topic = "raw"', "", ("missing required field `topic`", "`$.models[0]`")),
    "no model": (PLAIN, "schema = 1\nmodels = []", ("length >= 1", "`$.models`")),
    "a number as text": (
        "size_s = 60",
        'size_s = "60 "',
        ("Expected `int`, got `str`", "`$.models[0].windows[0].size_s`"),
    ),
    "a name with blanks": ('name = "m"', 'name = "M x"', ("a name: a small letter", "`$.models[0].name`")),
    "a topic with a slash": ('topic = "raw"', 'topic = "../raw"', ("a topic: letters", "`$.models[0].topic`")),
    "a path with an empty key": ('path = "t"', 'path = "a..t"', ("a path: keys", "`$.models[0].event_time.path`")),
    "a path with a quote": ('path = "t"', "path = 'a\"t'", ("a path: keys", "`$.models[0].event_time.path`")),
    "a path with a line break": ('path = "t"', 'path = "a\\nt"', ("a path: keys", "`$.models[0].event_time.path`")),
    "another time format": (
        'path = "t"',
        'path = "t", format = "rfc"',
        ("`epoch_ms` or `epoch_s` or `iso8601`, got 'rfc'", "`$.models[0].event_time.format`"),
    ),
    "a window of no panes": ("size_s = 60", "size_s = 65", ("a multiple of pane_s = 10", "windows[0].size_s")),
    "a pane of no time": ('path = "t"', 'path = "t", pane_s = 0', (">= 1", "event_time.pane_s")),
    "disorder below zero": ('path = "t"', 'path = "t", out_of_orderness_s = -1', (">= 0", "out_of_orderness_s")),
    "idle for nan": ('path = "t"', 'path = "t", idle_s = nan', ("> 0", "event_time.idle_s")),
    "idle for ever": ('path = "t"', 'path = "t", idle_s = inf', ("<= 86400", "event_time.idle_s")),
    "a version without a path": (
        "keep =",
        'model_version = ""\nkeep =',
        ("a path: keys", "`$.models[0].model_version`"),
    ),
    "a version that is kept too": (
        "keep =",
        'model_version = "note"\nkeep =',
        ("each value once, got 'note' again", "`$.models[0]`"),
    ),
    "k = 1": ("keep =", "privacy = { k = 1 }\nkeep =", (">= 5", "`$.models[0].privacy.k`")),
    "an export of everything": (
        "keep =",
        'privacy = { exportable_records = "all" }\nkeep =',
        ("`none` or `pseudonymized` or `raw`, got 'all'", "`$.models[0].privacy.exportable_records`"),
    ),
    "a ratio of 0": (
        "keep =",
        "rules = { min_disparate_impact_ratio = 0 }\nkeep =",
        ("> 0", "min_disparate_impact_ratio"),
    ),
    "a ratio of 1e9": (
        "keep =",
        "rules = { min_disparate_impact_ratio = 1e9 }\nkeep =",
        ("<= 1", "min_disparate_impact"),
    ),
    "a negative gap": ("keep =", "rules = { max_gap = -0.2 }\nkeep =", ("> 0", "rules.max_gap")),
    "a gap of nan": ("keep =", "rules = { max_gap = nan }\nkeep =", ("> 0", "rules.max_gap")),
    "a threshold as text": ("keep =", 'rules = { max_gap = "0.8 " }\nkeep =', ("`float`, got `str`", "rules.max_gap")),
    "a switch as number": (
        '"person" }',
        '"person", is_required = 1 }',
        ("`bool`, got `int`", "identifiers[0].is_required"),
    ),
    "an unknown canonicalizer": (
        '"person" }',
        '"person", canonical = "phone" }',
        ("or `text-or-integer`, got 'phone'", "identifiers[0].canonical"),
    ),
    "an event id that may be absent": ('"case" }', '"case", is_required = false }', ("true", "event_id.is_required")),
    "no decision": ("decision = ", "#", ("a decision for kind 'decisions'", "`$.models[0].decision`")),
    "a decision where counts are kept": (
        'topic = "raw"',
        'topic = "raw"\nkind = "counts"',
        ("no decision", "decision`"),
    ),
    "decisions of two types": ("[false]", '["no"]', ("values of one type", "`$.models[0].decision`")),
    "a decision twice": ("[false]", "[true]", ("each value once, got 'True' again", "decision`")),
    "no unfavorable decision": ("[false]", "[]", ("length >= 1", "decision.unfavorable")),
    "no reference group": (', reference = "m"', "", ("a reference group", "`$.models[0].attributes[0].reference`")),
    "a reference that is no group": (
        'reference = "m"',
        'reference = "x"',
        ("one of the groups", "attributes[0].reference"),
    ),
    "no group": ('["f", "m"]', "[]", ("length >= 1", "attributes[0].groups")),
    "a group twice": ('["f", "m"]', '["f", "m", "f"]', ("each label once", "'f'", "attributes[0].groups")),
    "a group in two spellings": ('["f", "m"]', '["f", "m", " Ｆ"]', ("each label once", "attributes[0].groups")),
    "a group that is implied": (
        '["f", "m"]',
        '["Unknown", "m"]',
        ("each label once", "implied", "attributes[0].groups"),
    ),
    "a blank group": ('["f", "m"]', '[" ", "m"]', ("labels that can be seen", "attributes[0].groups")),
    "a group with an escape sequence": ('["f", "m"]', '["f\\u001b[2J", "m"]', ("labels that can be seen", "groups")),
    "a segment value twice": ('["a", "b"]', '["a", "A"]', ("each label once", "`$.models[0].segment.values`")),
    "two attributes of one name": ('name = "age"', 'name = "sex"', ("got 'sex' again", "attributes[...].name")),
    "a segment named like an attribute": ('name = "site"', 'name = "age"', ("got 'age' again", "attributes[...].name")),
    "an attribute named decision": (
        'name = "age"',
        'name = "decision"',
        ("got 'decision' again", "attributes[...].name"),
    ),
    "a feature without range": (
        "minimum = 0, maximum = 1",
        "minimum = 1, maximum = 1",
        ("minimum < maximum", "features[0]"),
    ),
    "a feature from nan": ("minimum = 0", "minimum = nan", ("minimum < maximum", "features[0]")),
    "a feature without end": ("maximum = 1", "maximum = inf", ("|value| * scale <= 1048576", "features[0].scale")),
    "a feature too fine": (
        "maximum = 1, scale = 1000",
        "maximum = 2, scale = 1000000",
        ("so that sums stay exact", "features[0].scale"),
    ),
    "two features of one name": (
        "features = [",
        'features = [{ name = "score", path = "s2", minimum = 0, maximum = 1 },',
        ("got 'score' again", "features[...].name"),
    ),
    "a window named total": ('"1m"', '"total"', ("got 'total' again", "windows[...].name")),
    "no window": ('[{ name = "1m", size_s = 60 }]', "[]", ("length >= 1", "`$.models[0].windows`")),
    "one path for two fields": ('["note"]', '["note", "sex"]', ("got 'sex' again", "`$.models[0]`")),
    "a path inside another": ('["note"]', '["person"]', ("'person.id' lies inside 'person'", "`$.models[0]`")),
    "fields to drop where unknown ones are refused": (
        '["note"]',
        '["note"]\ndrop = ["gps"]',
        ("unknown_fields", ".drop`"),
    ),
    "an output that is read again": ('output_topic = "out"', 'output_topic = "raw"', ("'raw' again", "output_topic")),
    "too many cells": (
        "attributes = [",
        "attributes = [" + "".join(MANY_GROUPS.replace("NAME", name) for name in "xyz"),
        ("at most 1000000 combinations of labels, got 36799488", "`$.models[0].attributes`"),
    ),
    "two models of one name": (PLAIN, PLAIN + PLAIN.replace("schema = 1", ""), ("got 'm' again", "models[...].name")),
    "two models of one topic": (
        PLAIN,
        PLAIN + PLAIN.replace("schema = 1", "").replace('"m"\ntopic', '"n"\ntopic'),
        ("got 'raw' again", "models[...].topic"),
    ),
    "two models with one output": (
        PLAIN,
        PLAIN + PLAIN.replace("schema = 1", "").replace('"m"\ntopic = "raw"', '"n"\ntopic = "raw2"'),
        ("got 'out' again", "models[...].output_topic"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_place_and_what_was_expected(mistake: str) -> None:
    old, new, said = MISTAKES[mistake]
    assert old in PLAIN
    with pytest.raises(PolicyError) as rejected:
        parse_policy(PLAIN.replace(old, new, 1))
    message = str(rejected.value)
    assert all(part in message for part in said), message
    assert "\n" not in message
    assert "\x1b" not in message


def test_the_policy_that_the_mistakes_are_made_in_has_none() -> None:
    assert parse_policy(PLAIN).models[0].name == "m"


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_can_be_loaded_compiled_and_laid_out(name: str) -> None:
    policy = load_policy(name)
    assert parse_policy(read_policy_text(name)) == policy
    for model in policy.models:
        assert callable(schema_of(model).getter(model.event_id.path))
        layout = layout_of(model)
        assert [len(labels) for _, labels in layout.dimensions] == n_labels(model)
        assert layout.size <= MAX_CELLS
        assert policy.model(model.name) is model


@pytest.mark.parametrize("source", ["nothing-here", "/", "", "a\0b", "x" * 5000, "policies/loans"])
def test_a_policy_that_is_not_there_is_refused_with_the_names_of_those_that_are(source: str) -> None:
    with pytest.raises(PolicyError, match=r"No policy .*loans"):
        load_policy(source)


def test_a_policy_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"schema = 1 # \xff")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_policy(str(path))


def test_a_policy_can_be_a_file_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "my policy.toml"
    path.write_text(PLAIN)
    assert load_policy(str(path)) == parse_policy(PLAIN)


def test_an_unknown_model_is_refused_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(PolicyError, match=r"No model 'x'\. Known: loans"):
        load_policy("loans").model("x")


def test_the_hash_changes_with_the_policy_and_with_nothing_else() -> None:
    same = PLAIN.replace("keep = [", "# a comment\nkeep   = [")
    other = PLAIN.replace('keep = ["note"]', "")
    assert parse_policy(same).hash() == parse_policy(PLAIN).hash() != parse_policy(other).hash()
    assert len(parse_policy(PLAIN).hash()) == 16


def test_a_permission_to_export_records_is_part_of_the_hash_and_its_absence_is_not() -> None:
    without, stated, given = (
        parse_policy(PLAIN.replace("keep =", line + "keep =")).hash()
        for line in ("", 'privacy = { exportable_records = "none" }\n', 'privacy = { exportable_records = "raw" }\n')
    )
    assert without == stated == "9078d2d0213f413f"  # as it was before there was such a permission
    assert given != without


def test_the_hash_is_the_same_in_every_process() -> None:
    code = "from stream_app.policy import load_policy; print(load_policy('loans').hash())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == load_policy("loans").hash()


def test_a_policy_without_a_model_version_keeps_the_hash_it_had_before_there_was_one() -> None:
    hashes = {name: load_policy(name).hash() for name in ("loanapp", "camera", "credit")}
    assert hashes == {"loanapp": "81cdc5679bc8310e", "camera": "9973a06988a97289", "credit": "c7cf9f878afb6718"}


def test_a_model_version_is_in_the_hash_of_the_policy_and_not_in_that_of_the_counts() -> None:
    plain, versioned = parse_policy(PLAIN), parse_policy(PLAIN.replace("keep =", 'model_version = "model.v"\nkeep ='))
    assert versioned.hash() != plain.hash()
    assert versioned.models[0].layout_hash() == plain.models[0].layout_hash()
    assert n_labels(versioned.models[0]) == n_labels(plain.models[0])
    assert versioned.models[0].model_version == "model.v"


def test_counts_without_decisions_have_no_model_version() -> None:
    counts = "\n".join(line for line in PLAIN.splitlines() if not line.startswith("decision"))
    counts = counts.replace("keep =", 'kind = "counts"\nmodel_version = "v"\nkeep =')
    with pytest.raises(PolicyError, match=r"no model_version for kind 'counts' - at `\$\.models\[0\]\.model_version`"):
        parse_policy(counts)


def test_the_layout_hash_changes_with_what_the_stored_counts_depend_on() -> None:
    model = parse_policy(PLAIN).models[0]
    looser = msgspec.structs.replace(model.rules, max_gap=0.1)
    same: list[dict[str, Any]] = [{"rules": looser}, {"keep": ()}, {"windows": ()}, {"topic": "other"}]
    other: list[dict[str, Any]] = [{"features": ()}, {"segment": None}, {"attributes": model.attributes[:1]}]
    for change in same:
        assert msgspec.structs.replace(model, **change).layout_hash() == model.layout_hash()
    for change in other:
        assert msgspec.structs.replace(model, **change).layout_hash() != model.layout_hash()


def test_a_policy_cannot_be_changed_once_it_is_read() -> None:
    policy: Policy = parse_policy(PLAIN)
    with pytest.raises(AttributeError):
        policy.models[0].name = "other"  # type: ignore[misc]


def test_names_from_before_version_0_2_are_read_as_the_current_ones() -> None:
    former = PLAIN.replace("favorable", "favourable").replace("keep =", "repeat_horizon = 7\nkeep =")
    current = PLAIN.replace("keep =", "deduplication_window = 7\nkeep =")
    assert former != current
    assert parse_policy(former) == parse_policy(current)


def test_a_former_name_beside_the_current_one_is_rejected() -> None:
    both = PLAIN.replace("keep =", "repeat_horizon = 7\ndeduplication_window = 7\nkeep =")
    with pytest.raises(PolicyError, match=r"'deduplication_window' or its former name 'repeat_horizon'.*models\[0\]"):
        parse_policy(both)
