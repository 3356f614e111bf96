"""A deployment whose policy changes again and again counts every event once, under the labels of its time."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.policy import ModelPolicy, Policy, parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode
from tests.support.lanes.judge_lane import JudgeLane

GROUPS = ("a", "b", "c", "d")
POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = {{ path = "id", link_domain = "d" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = {lateness}, pane_s = 10 }}
attributes = [{attributes}]
unknown_fields = "drop"
windows = [{{ name = "1m", size_s = 60 }}]
{cluster}
"""


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    groups = draw(st.lists(st.sampled_from(GROUPS[1:]), unique=True, max_size=3))
    listed = ", ".join(f'"{group}"' for group in draw(st.permutations(["a", *groups])))
    attributes = [f'{{ name = "sex", path = "sex", groups = [{listed}], reference = "a" }}']
    if draw(st.booleans()):
        attributes.append('{ name = "age", path = "age", groups = ["old", "young"], reference = "young" }')
    lateness = draw(st.sampled_from((0, 5, 30)))
    cluster = draw(st.sampled_from(("", 'cluster = "team"', 'cluster = "batch"')))
    listed = ", ".join(draw(st.permutations(attributes)))
    return parse_policy(POLICY.format(lateness=lateness, attributes=listed, cluster=cluster))


def listed_in(model: ModelPolicy, group: str) -> bool:
    return group in next(attribute.groups for attribute in model.attributes if attribute.name == "sex")


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(policies(), st.lists(st.sampled_from(GROUPS), max_size=8), st.booleans()), min_size=1, max_size=6
    )
)
def test_every_event_is_counted_once_under_the_labels_of_its_time(
    epochs: list[tuple[Policy, list[str], bool]],
) -> None:
    first = epochs[0][0]
    lane, court = IngestLane(first.models[0]), JudgeLane(first)
    expected: Counter[str] = Counter()
    number = 0
    for policy, groups, is_judge_first in epochs:
        model = policy.models[0]
        expected = Counter(
            {label: n for label, n in expected.items() if label in GROUPS and listed_in(model, label)}
        ) + Counter({"__other__": sum(n for g, n in expected.items() if g not in GROUPS or not listed_in(model, g))})
        expected += Counter(group if listed_in(model, group) else "__other__" for group in groups)
        if is_judge_first:
            court = follow(court, policy)
        lane.model = model
        lane.restart()
        values = []
        for group in groups:
            values.append(
                encode(
                    {
                        "id": f"A-{number}",
                        "t": NOW_S + 5 * number,
                        "ok": True,
                        "sex": group,
                        "age": "old",
                        "team": number % 7,
                    }
                )
            )
            number += 1
        lane.feed(values, broker_s=NOW_S + 5 * number)
        lane.flush()
        if not is_judge_first:
            court = follow(court, policy)
        court.feed(*(msgspec.structs.replace(partial, n_partitions=1) for partial in lane.partials))
        lane.partials.clear()
    lane.feed(
        [encode({"id": "last", "t": NOW_S + 100_000, "ok": True, "sex": "a", "age": "old"})], broker_s=NOW_S + 100_000
    )
    lane.flush()
    court.feed(*(msgspec.structs.replace(partial, n_partitions=1) for partial in lane.partials))
    newest = [result for result in court.results if result.window == TOTAL_WINDOW and result.attribute == "sex"]
    counted = {group.group: group.n for group in newest[-1].groups if group.n} if newest else {}
    assert counted == dict(+expected)


def follow(court: JudgeLane, policy: Policy) -> JudgeLane:
    """Restart the judge under another policy, with its state."""
    court.former, court.policy = (*court.former, court.policy), policy
    court.restart()
    return court
