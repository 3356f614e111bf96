"""Bad probabilities never reject a record, and are counted by reason."""

from __future__ import annotations

import pytest

from fairstream.testing import InMemoryPipeline
from stream_app.cli.policy.text import describe_sample
from tests.support.estimated_groups import Estimated, policy, sample
from tests.support.feeds import START_S

PROBABILITIES = [
    ({"white": 0.7, "black": 0.2}, True, None),
    ({"white": 1, "black": 0}, True, None),
    ({"white": 0.5, "black": 0.500_000_9}, True, None),
    (None, False, None),
    ({"white": None, "black": None}, False, None),
    ({"white": 0.7, "black": 0.4}, False, "race (sum above 1)"),
    ({"white": 0.7}, False, "race (incomplete)"),
    ({"white": 0.7, "black": None}, False, "race (incomplete)"),
    ({"white": "0.7", "black": 0.2}, False, "p.white"),
    ({"white": True, "black": 0.2}, False, "p.white"),
    ({"white": 1.01, "black": 0.0}, False, "p.white"),
    ({"white": -0.01, "black": 0.5}, False, "p.white"),
    ({"white": 0.7, "black": [0.2]}, False, "p.black"),
]


@pytest.mark.parametrize(("p", "has_any", "dropped"), PROBABILITIES)
def test_bad_probabilities_never_reject_a_record_and_are_counted_by_reason(
    p: object, dropped: str | None, *, has_any: bool
) -> None:
    good = [Estimated(number, START_S, "", True, {"white": 0.25, "black": 0.5}) for number in range(20)]
    tested = Estimated(99, START_S, "", True, p)
    records = [decision.encode() for decision in (*good[:10], tested, *good[10:])]
    pipeline = InMemoryPipeline(policy())
    pipeline.send_records(records, time_s=START_S + 1.0)
    assert not pipeline.dead_letters()
    with_any = [event for event in pipeline.published() if (event.get("p") or {}).get("white") is not None]
    assert (len(pipeline.published()), len(with_any)) == (21, 20 + has_any)
    report = sample(records)
    [proxy] = report.proxies or []
    assert (report.n_counted, proxy.n) == (21, 20 + has_any)
    # One that cannot be read makes those of the record incomplete.
    expected = {dropped, "race (incomplete)"} if dropped is not None and dropped.startswith("p.") else {dropped}
    assert report.dropped == dict.fromkeys(expected - {None}, 1)


def test_a_sample_says_how_many_have_probabilities_and_their_mean() -> None:
    made = [Estimated(n, START_S, "", True, {"white": 0.25, "black": 0.5} if n % 2 else None) for n in range(40)]
    report = sample([each.encode() for each in made])
    [proxy] = report.proxies or []
    assert (proxy.name, proxy.n, proxy.means) == ("race", 20, {"white": 0.25, "black": 0.5})
    assert report.features == []
    assert "20 of 40 counted records have probabilities" in describe_sample(report)
    few = sample([each.encode() for each in made[:4]])
    assert [each.means for each in few.proxies or []] == [{}]
