"""Policies: each mistake is an error at the start, with the path of the field, what is wrong and what is allowed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_app.cli.policy.text import describe_model
from stream_app.errors import PolicyError
from stream_app.pipeline.ingest.fields import schema_of
from stream_app.pipeline.layout import layout_of
from stream_app.policy import (
    DEFAULT_WINDOWS,
    MAX_CELLS,
    Anomalies,
    Detection,
    ModelPolicy,
    Policy,
    Privacy,
    Rules,
    is_cluster_alone,
    load_policy,
    n_labels,
    parse_policy,
    read_policy_text,
    shipped_names,
)
from stream_app.policy.check import check_policy
from stream_app.policy.limits import Sealing
from stream_app.policy.model import JUDGING_FIELDS

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

ANOMALIES = f'anomalies = {{ features = ["score"], reference = "x", digest = "{"0" * 64}" }}\n'

MANY_GROUPS = """
    { name = "NAME", path = "NAME", reference = "0", groups = [GROUPS] },
""".replace("GROUPS", ", ".join(f'"{number}"' for number in range(64)))

# The text that is replaced, by what, and what must be said (parts of one line).
MISTAKES: dict[str, tuple[str, str, tuple[str, ...]]] = {
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


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_with_its_place_and_what_is_allowed(mistake: str) -> None:
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
def test_a_missing_policy_is_an_error_with_the_names_of_the_shipped_ones(source: str) -> None:
    with pytest.raises(PolicyError, match=r"not found\. Give a TOML file, or one of: .*loans"):
        load_policy(source)


def test_a_policy_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"schema = 1 # \xff")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_policy(str(path))


def test_a_policy_can_be_a_file_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "my policy.toml"
    path.write_text(PLAIN)
    assert load_policy(str(path)) == parse_policy(PLAIN)


def test_an_unknown_model_is_an_error_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(PolicyError, match=r"No model 'x' in the policy\. Known: loans"):
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
    hashes = {name: load_policy(name).hash() for name in ("loanapp", "camera")}
    assert hashes == {"loanapp": "81cdc5679bc8310e", "camera": "9973a06988a97289"}
    credit = load_policy("credit")
    [model] = credit.models
    former = msgspec.structs.replace(credit, models=(msgspec.structs.replace(model, detection=Detection()),))
    assert former.hash() == "c7cf9f878afb6718"


def test_a_model_version_is_in_the_hash_of_the_policy_and_not_in_that_of_the_counts() -> None:
    plain, versioned = parse_policy(PLAIN), parse_policy(PLAIN.replace("keep =", 'model_version = "model.v"\nkeep ='))
    assert versioned.hash() != plain.hash()
    assert versioned.models[0].layout_hash() == plain.models[0].layout_hash()
    assert n_labels(versioned.models[0]) == n_labels(plain.models[0])
    assert versioned.models[0].model_version == "model.v"


def test_counts_without_decisions_have_no_model_version() -> None:
    counts = "\n".join(line for line in PLAIN.splitlines() if not line.startswith("decision"))
    counts = counts.replace("keep =", 'kind = "counts"\nmodel_version = "v"\nkeep =')
    with pytest.raises(PolicyError, match=r"models\[0\]\.model_version: not allowed for kind 'counts'"):
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


def test_a_design_effect_beside_a_cluster_is_for_tests_of_scores_and_outcomes_alone() -> None:
    model = load_policy("credit").models[0]
    changed = msgspec.structs.replace(
        model, cluster="officer", detection=msgspec.structs.replace(model.detection, design_effect=2.0)
    )
    check_policy(Policy(schema=1, models=(changed,)))
    decided = msgspec.structs.replace(changed, score=None, outcome=None)
    with pytest.raises(PolicyError, match=r"leave detection\.design_effect out"):
        check_policy(Policy(schema=1, models=(decided,)))
    assert "tests of scores and outcomes use the design effect 2" in describe_model(changed, 1)
    assert "in 64 buckets\n" in describe_model(decided, 1)


def test_a_cluster_is_in_the_hashes_of_the_policies_that_have_one() -> None:
    plain = parse_policy(PLAIN)
    by_officer, by_person = (
        parse_policy(PLAIN.replace("keep =", f'cluster = "{path}"\nkeep =')) for path in ("officer", "person.id")
    )
    assert len({policy.hash() for policy in (plain, by_officer, by_person)}) == 3
    assert len({policy.models[0].hash() for policy in (plain, by_officer, by_person)}) == 3
    assert len({policy.models[0].layout_hash() for policy in (plain, by_officer, by_person)}) == 3
    assert [is_cluster_alone(policy.models[0]) for policy in (plain, by_officer, by_person)] == [False, True, False]


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
    with pytest.raises(
        PolicyError, match=r"models\[0\]: both 'deduplication_window' and its former name 'repeat_horizon'"
    ):
        parse_policy(both)


def test_only_fields_of_judging_are_left_out_of_what_counts_depend_on() -> None:
    model = parse_policy(PLAIN).models[0]
    facts = model.counting_facts()
    assert set(model.__struct_fields__) >= JUDGING_FIELDS
    assert set(facts) == set(model.__struct_fields__) - JUDGING_FIELDS
    judged: list[dict[str, Any]] = [
        {"name": "n"},
        {"topic": "other"},
        {"windows": DEFAULT_WINDOWS},
        {"rules": Rules(max_gap=0.1)},
        {"detection": Detection(max_depth=1)},
        {"privacy": Privacy(k=20)},
        {"sealing": Sealing(auditors=("fspk1.rJRq3O16f7KYXeFFIKxo3NvQ7ViVJsuf1eo14GaFhTA",))},
        {"anomalies": Anomalies(features=("score",), reference="x", digest="0" * 64)},
        {"revision_s": 60},
        {"outcome": load_policy("credit").models[0].outcome},
        {"attributes": (msgspec.structs.replace(model.attributes[0], reference="f"), *model.attributes[1:])},
    ]
    assert {name for change in judged for name in change} == JUDGING_FIELDS | {"attributes"}
    for change in judged:
        assert msgspec.structs.replace(model, **change).counting_facts() == facts, change
    for counted in ({"keep": ()}, {"segment": None}, {"features": ()}, {"max_list_items": 7}, {"output_topic": None}):
        assert msgspec.structs.replace(model, **counted).counting_facts() != facts, counted


def test_a_table_in_place_of_a_list_is_answered_with_how_to_write_it() -> None:
    with pytest.raises(PolicyError, match=r"^Invalid policy: models must be a list: write \[\[models\]\]$"):
        parse_policy('schema = 1\n[models]\nname = "m"')
    with pytest.raises(PolicyError, match=r"models\[0\]\.keep must be a list: write keep = \[\.\.\.\]$"):
        parse_policy(PLAIN.replace('keep = ["note"]', 'keep = "note"'))


def detecting(
    detection: str, windows: str = '[{ name = "1m", size_s = 60 }, { name = "1h", size_s = 3600 }]'
) -> ModelPolicy:
    kept = "\n".join(line for line in PLAIN.splitlines() if not line.startswith("windows"))
    return parse_policy(kept.replace("keep =", f"windows = {windows}\ndetection = {{ {detection} }}\nkeep =")).models[0]


def test_a_comparison_period_is_the_smallest_window_unless_stated() -> None:
    assert detecting("").period_s == 60
    assert detecting("period_s = 10").period_s == 10
    assert detecting("period_s = 86400").period_s == 86_400
    with pytest.raises(PolicyError, match=r"models\[0\]\.detection\.period_s: 65 is not a multiple of pane_s = 10"):
        detecting("period_s = 65")


def test_tests_wait_for_two_of_the_longest_window_at_least_hours_and_at_most_days() -> None:
    def waits_s(size_s: int) -> float:
        return detecting("", f'[{{ name = "w", size_s = {size_s} }}]').wait_s

    assert [waits_s(size_s) for size_s in (60, 3600, 7200, 30 * 86_400)] == [7200, 7200, 14_400, 172_800]
    assert detecting("wait_s = 2.5").wait_s == 2.5


def test_a_stated_period_and_wait_are_in_the_hash_and_their_absence_is_not() -> None:
    plain = parse_policy(PLAIN)
    stated = [
        parse_policy(PLAIN.replace("keep =", f"detection = {{ {text} }}\nkeep ="))
        for text in ("period_s = 60", "wait_s = 9")
    ]
    assert parse_policy(PLAIN.replace("keep =", "detection = {}\nkeep =")).hash() == plain.hash()
    assert len({plain.hash(), *(policy.hash() for policy in stated)}) == 3
