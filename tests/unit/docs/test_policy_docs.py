"""What the pages about policies say is what the code does: fields, reasons, mistakes, and the topic of your own."""

from __future__ import annotations

import json
import re

import pytest

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.events.strict_json import MAX_DEPTH
from stream_app.errors import PolicyError
from stream_app.policy import MAX_CELLS, ModelPolicy, parse_policy
from stream_app.policy.reference import PLACES, as_markdown, describe_fields
from tests.support.docs.pages import read_page
from tests.support.lanes.ingest_lane import IngestLane
from tests.support.policies.mistakes import MISTAKES
from tests.support.policies.plain import PLAIN

REFERENCE = read_page("docs", "reference", "policy.md").text
GUIDE = read_page("docs", "how-to", "policies.md").text
TUTORIAL = read_page("docs", "tutorial", "your-own-topic.md").text


def block(language: str) -> str:
    """Return the first block of a language."""
    match = re.search(rf"^```{language}\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[1]


def test_the_tables_of_the_fields_are_those_of_the_structs() -> None:
    assert f"<!-- fields: begin -->\n{as_markdown()}<!-- fields: end -->" in REFERENCE, "python -m docs.hooks"


def test_every_field_of_every_part_is_described() -> None:
    described = {(fact.place, fact.name) for fact in describe_fields()}
    assert described == {(place, name) for part, place in PLACES.items() for name in part.__struct_fields__}
    assert all(fact.meaning and fact.expected for fact in describe_fields())


def test_every_reason_for_a_rejection_is_listed_and_no_other() -> None:
    reasons = REFERENCE.partition("## Why a record is rejected")[2].partition("## Every field")[0]
    assert re.findall(r"^\| `(\w+)` \|", reasons, re.MULTILINE) == [reason.value for reason in DeadLetterReason]


def test_the_limits_in_the_text_are_those_of_the_code() -> None:
    assert f"more than {MAX_DEPTH} deep" in TUTORIAL
    assert f"{MAX_CELLS:,}" in REFERENCE


def test_each_quoted_mistake_is_one_that_a_person_would_read() -> None:
    messages = set()
    for old, new, _ in MISTAKES.values():
        with pytest.raises(PolicyError) as rejected:
            parse_policy(PLAIN.replace(old, new, 1))
        messages.add(str(rejected.value))
    quoted = GUIDE.partition("<!-- policy mistakes -->\n```\n")[2].partition("```")[0].splitlines()
    assert len(quoted) >= 9
    assert set(quoted) <= messages


def model() -> ModelPolicy:
    return parse_policy(block("toml")).models[0]


def test_the_topic_of_your_own_is_counted_as_the_text_says() -> None:
    record = json.loads(block("json"))
    lane = IngestLane(model())
    other = record | {
        "event": record["event"] | {"uid": 2},
        "candidate": record["candidate"] | {"sex": "3", "bureau": {}},
    }
    forgetful = record | {"candidate": {"id": 1, "sex": 1}}
    records = (record, other, forgetful, record | {"new": 1})
    lane.feed([json.dumps(sent).encode() for sent in records], 1_790_000_001)
    lane.flush()
    assert lane.reasons == ["missing", "unknown_field"]
    assert lane.labels() == {
        ("2", "no", "Bern", "unfavorable"): [1, 0, 0, 0],
        ("__other__", "no", "Bern", "unfavorable"): [1, 0, 0, 0],
    }
    assert [event["candidate"]["sex"] for event in lane.events] == ["2", "__other__"]
    assert lane.events[0]["candidate"]["bureau"] is None
