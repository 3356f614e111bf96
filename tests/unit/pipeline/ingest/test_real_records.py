"""Records as other systems write them: what is missing, spelled otherwise or in another type still counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter
from stream_app.policy import ModelPolicy, parse_policy
from stream_app.topics import DEAD_LETTERS
from tests.support.lanes.ingest_lane import KEYS, NOW_S, IngestLane, encode

LENDING = """
schema = 1
[[models]]
name = "lending"
topic = "lending-raw"
output_topic = "lending"
event_id = { path = "id", link_domain = "case", canonical = "text-or-integer" }
identifiers = [{ path = "mail", link_domain = "person", is_required = false }]
event_time = { path = "at" }
decision = { path = "result", favorable = ["approved", "approved_with_conditions"], unfavorable = ["denied"] }
missing = ["NA", "Exempt", ""]
model_version = "version"
keep = ["note"]
attributes = [
    { name = "minority", path = "minority", groups = [true, false], reference = false },
    { name = "sex", path = "sex", groups = [1, 2], reference = 1, aliases = { 1 = ["M", "erkek"], 2 = ["F", "kadın"] }},
]
segment = { name = "region", path = "region", values = ["North West", "South"], is_required = false }
features = [{ name = "income", path = "income", minimum = 0, maximum = 1000, is_required = false }]
"""
MODEL = parse_policy(LENDING).models[0]
AGES = parse_policy(
    LENDING.replace(
        "attributes = [",
        """attributes = [
    { name = "age", path = "born", derive = "age", edges = [25, 40, 62], reference = "25 to under 40" },
    { name = "wealth", path = "wealth", edges = [0, 10.5], minimum = -100, reference = "under 0", is_required = false },
""",
    )
).models[0]


def record(number: int = 0, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "id": number,
        "at": "2026-09-21 14:13:20+00",
        "result": "approved",
        "minority": False,
        "sex": 1,
        "region": "South",
        "income": 10,
        "born": "1990-09-21",
        "wealth": 3,
    }
    values |= changes
    return encode({name: value for name, value in values.items() if value is not ...})


def fed(*records: bytes, model: ModelPolicy = MODEL) -> IngestLane:
    if not any(attribute.edges for attribute in model.attributes):
        records = tuple(raw.replace(b', "born": "1990-09-21", "wealth": 3', b"") for raw in records)
    lane = IngestLane(model)
    lane.feed(list(records))
    lane.flush()
    return lane


def labels(**changes: Any) -> tuple[str, ...]:
    """Return the labels of the one record that is counted."""
    lane = fed(record(**changes))
    assert lane.reasons == []
    (found,) = lane.labels()
    return found


@pytest.mark.parametrize(
    ("raw", "label"),
    [(True, "true"), (False, "false"), ("true", "true"), ("TRUE ", "true"), (None, "unknown"), ("na", "unknown")],
)
def test_a_boolean_is_a_group(raw: object, label: str) -> None:
    assert labels(minority=raw)[0] == label


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        *((value, "2") for value in (2, 2.0, "2", "F", "f", "KADIN", "Kadın", "ka\u200bdın", "\u202ff")),
        *((value, "1") for value in (1, 1.0, "M", "ERKEK", "er\u00adkek")),
        *((value, "unknown") for value in (None, "NA", " n\u200ba ", "exempt", "", "  ")),
        *((value, "__other__") for value in (1.5, 3, "2.0", "м")),
    ],
)
def test_a_group_has_numbers_and_aliases_as_spellings(raw: object, label: str) -> None:
    expected = {"KADIN": "__other__"}.get(str(raw), label)  # i without a dot has another capital: it needs an alias
    assert labels(sex=raw)[1] == expected


def test_blanks_and_unseen_characters_make_no_segment_of_their_own_and_an_absent_one_is_unknown() -> None:
    for spelling in ("north west", "North  West", "NORTH\u00a0WEST", "\ufeffNorth\u2060 West\ufe0f"):
        assert labels(region=spelling)[2] == "North West"
    assert labels(region=...)[2] == "unknown"


def test_several_values_are_favorable_and_one_point_zero_is_one() -> None:
    assert labels(result="approved_with_conditions")[3] == "favorable"
    assert labels(result="denied")[3] == "unfavorable"
    assert fed(record(result="withdrawn")).reasons == ["value"]
    numeric = parse_policy(
        LENDING.replace('["approved", "approved_with_conditions"]', "[1, 2]").replace('["denied"]', "[0]")
    ).models[0]
    for value, disposition in ((1.0, "favorable"), (2, "favorable"), (0.0, "unfavorable")):
        assert [found[3] for found in fed(record(result=value), model=numeric).labels()] == [disposition]
    assert fed(record(result=1.5), record(1, result=3), record(2, result=True), model=numeric).reasons == [
        "value",
        "value",
        "type",
    ]


def test_an_optional_field_never_decides_about_the_record() -> None:
    lane = fed(
        record(0, income="NA"),
        record(1, income="Exempt", mail="a@x.org"),
        record(2, income="12.5"),
        record(3, income=5000),
        record(4, income=[1]),
        record(5, income={"NaN": 1}, version=1.5, note={"a": 1}, mail=7),
        record(6, mail=" "),
        record(7, region=["South"]),
        record(8),
    )
    assert lane.reasons == []
    assert lane.n_counted == 9
    assert sum(vector[1] for vector in lane.labels().values()) == 3  # features that were read
    assert dict(lane.counts.dropped) == {"income": 4, "version": 1, "note": 1, "mail": 2, "region": 1}
    assert [sorted(event) for event in lane.events][5] == ["at", "id", "minority", "region", "result", "sex"]
    assert b"x.org" not in lane.everything()


def test_times_are_published_alike_however_they_are_written() -> None:
    written = [
        "2026-09-21T14:13:20Z",
        "2026-09-21 14:13:20+00",
        "20260921T141320,0Z",
        "2026-09-21T15:13:20+01:00[Europe/Paris]",
    ]
    for batches in ([written], [[text] for text in written], [[*written, "yesterday"]]):
        lane = IngestLane(MODEL)
        for texts in batches:
            raw = [record(len(text), at=text) for text in texts]  # lengths differ
            lane.feed([value.replace(b', "born": "1990-09-21", "wealth": 3', b"") for value in raw])
        assert lane.reasons == ["ts"] * ("yesterday" in batches[0])
        assert [event["at"] for event in lane.events][-1] == "2026-09-21T15:13:20+01:00"
        assert {event["at"] for event in lane.events} == {"2026-09-21T14:13:20Z", "2026-09-21T15:13:20+01:00"}


def test_a_field_that_is_needed_is_named_missing() -> None:
    model = parse_policy(LENDING.replace("maximum = 1000, is_required = false", "maximum = 1000")).models[0]
    lane = fed(record(0, income="NA"), record(1, income="12"), record(2, income=None), record(3), model=model)
    assert lane.reasons == ["missing", "type", "type"]


def test_numbers_are_read_from_text_where_the_policy_says_so() -> None:
    text = LENDING.replace("keep =", "numbers_as_text = true\nkeep =").replace(
        'event_time = { path = "at" }', 'event_time = { path = "at", format = "epoch_ms" }'
    )
    model = parse_policy(text).models[0]
    rows = [("12.5", f"{NOW_S}000"), ("1e2", NOW_S * 1000), ("NaN", f" {NOW_S}000"), ("5000", NOW_S * 1000)]
    lane = fed(
        *(record(number, income=income, at=at) for number, (income, at) in enumerate(rows)),
        record(9, at="yesterday"),
        model=model,
    )
    assert lane.reasons == ["type"]
    assert lane.n_counted == 4
    assert sum(vector[2] for vector in lane.labels().values()) == 112
    assert lane.counts.dropped["income"] == 2
    assert lane.events[0]["income"] == 12.5


@pytest.mark.parametrize(
    ("born", "label"),
    [
        ("2001-09-22", "under 25"),
        ("2001-09-21", "25 to under 40"),
        ("1986-09-22T00:00:00Z", "25 to under 40"),
        ("19860921", "40 to under 62"),
        ("1964-09-21", "62 and over"),
        *((text, "unknown") for text in ("2026-09-22", "1895-09-20", "1990-02-30", "1990", "NA")),
        *((value, "unknown") for value in (1990, None, True)),
        ([], "unknown"),
    ],
)
def test_a_date_of_birth_counts_by_age_on_the_day_of_the_decision(born: object, label: str) -> None:
    lane = fed(record(born=born), model=AGES)
    assert [found[0] for found in lane.labels()] == [label]
    assert [event["born"] for event in lane.events] == [None if label == "unknown" else label]
    assert b"1986" not in lane.everything()


@pytest.mark.parametrize(
    ("wealth", "label"),
    [
        (-0.5, "under 0"),
        (0, "0 to under 10.5"),
        (10.5, "10.5 and over"),
        (10**400, "unknown"),
        (-101, "unknown"),
        ("7", "unknown"),
        (..., "unknown"),
        (None, "unknown"),
    ],
)
def test_a_number_counts_by_its_band(wealth: object, label: str) -> None:
    assert [found[1] for found in fed(record(wealth=wealth), model=AGES).labels()] == [label]


def test_what_cannot_be_read_is_counted_and_what_is_missing_is_not() -> None:
    values = [3, None, "NA", "7", -101, ..., True]
    lane = fed(*(record(number, wealth=value) for number, value in enumerate(values)), model=AGES)
    assert lane.counts.dropped == {"wealth": 3}
    assert lane.n_counted == len(values)


def test_published_events_are_counted_like_raw_ones() -> None:
    records = [
        record(0, minority=True, sex=2.0, income="NA"),
        record(1, sex="kadın", born="2010-01-01", wealth=-1),
        record(2, sex="NA", region=..., wealth="x", result="denied"),
    ]
    lane = fed(*records, model=AGES)
    published: list[bytes | None] = [encode(event) for event in lane.events]
    n = len(published)
    batch = Batch("lending", 0, 0, n, np.arange(n), published, np.full(n, NOW_S * 1000))
    assert dict(PublishedCounter(AGES).count(batch)) == lane.counted


def test_the_same_id_with_another_decision_is_a_conflict_live_and_in_a_replay() -> None:
    records = [
        record(1),
        record(1, income=11),  # a duplicate with other facts
        record(1, result="denied"),
        record(2, result="denied"),
        record(2, result="approved"),
        record(2, result="approved_with_conditions"),
    ]
    plain = [raw.replace(b', "born": "1990-09-21", "wealth": 3', b"") for raw in records]
    live = IngestLane(MODEL)
    for raw in plain:
        live.feed([raw])
        live.flush()
        live.restart()
    assert (live.counts.n_duplicates, live.counts.dead_letters, live.n_counted) == (1, {"conflict": 3}, 2)
    assert [letter["offset"] for letter in live.read(DEAD_LETTERS)] == [2, 4, 5]
    assert sorted(found[3] for found in live.labels()) == ["favorable", "unfavorable"]  # the first ones
    counter = RawCounter(MODEL, KEYS)
    n = len(plain)
    batch = Batch("lending-raw", 0, 0, n, np.arange(n), list(plain), np.full(n, NOW_S * 1000))
    assert dict(counter.count(batch)) == live.counted
    assert (counter.dispositions.n_duplicates, counter.dispositions.rejected) == (1, {"conflict": 3})


@pytest.mark.parametrize("n_batch", [1, 2, 3, 9])
def test_a_dead_letter_names_the_conflict_however_the_log_is_cut_into_batches(n_batch: int) -> None:
    log = [b"{", record(1), None, record(1, result="denied"), b"", record(2), record(1), record(2, result="denied")]
    plain = [value and value.replace(b', "born": "1990-09-21", "wealth": 3', b"") for value in log]
    lane = IngestLane(MODEL)
    for first in range(0, len(plain), n_batch):
        lane.feed(plain[first : first + n_batch])
        lane.flush()
    letters = [(letter["offset"], letter["reason"]) for letter in lane.read(DEAD_LETTERS)]
    assert letters == [(0, "json"), (3, "conflict"), (4, "empty"), (7, "conflict")]
    assert (lane.counts.n_duplicates, lane.n_counted) == (1, 2)


MISTAKES = {
    "an alias of two groups": ('2 = ["F"', '2 = ["m"', r"'m' is a spelling of '2' and of '1'"),
    "an alias of no group": ("{ 1 = [", "{ 7 = [", r"'7' is not one of the labels \(1, 2\)"),
    "a missing value that is a group": ('missing = ["NA"', "missing = [1", "'1' is in missing too"),
    "groups that look alike": ("groups = [1, 2]", 'groups = ["a  b", "A b"]', "'A b' occurs twice"),
    "a group that joins groups": (
        "groups = [1, 2]",
        'groups = ["1 & 2", "1"]',
        "'1 & 2' has ' & ', which joins groups",
    ),
    "bands that do not rise": ("groups = [1, 2]", "edges = [2, 1]", "edges: must be rising"),
    "an age beyond everyone": ("groups = [1, 2]", 'edges = [25, 131], derive = "age"', "edges: must be rising"),
    "neither groups nor bands": ("groups = [1, 2],", "", "needs groups, or the edges of bands"),
    "bounds without bands": ("groups = [1, 2]", "groups = [1, 2], minimum = 1", "are for bands: give edges"),
    "a decision that is both": ('unfavorable = ["denied"]', 'unfavorable = ["approved"]', "occurs twice"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_spelling_means_one_thing(name: str) -> None:
    old, new, message = MISTAKES[name]
    assert old in LENDING
    with pytest.raises(PolicyError, match=message):
        parse_policy(LENDING.replace(old, new))
