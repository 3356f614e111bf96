"""A policy with 3 attributes, 20 groups and 50 segments, and decisions that violate every limit for every group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from producers.event import Event
from producers.simulated.draws import BLOCK, Draws, Indices
from producers.timeline import Timeline, iso_times

N_GROUPS = {"gender": 3, "race": 7, "age": 10}
N_SEGMENTS = 50
_BASE_RATE = 0.9
_HARM = 0.25  # approval rate that a group loses per attribute in which it is not the reference: 0.9, 0.65, 0.4, 0.15
_SCORES = (300, 850)

_POLICY = """
schema = 1
[[models]]
name = "{name}"
topic = "{name}-raw"
output_topic = "{name}-out"
event_id = {{ path = "id", link_domain = "application" }}
identifiers = [{{ path = "person", link_domain = "applicant" }}]
decision = {{ path = "approved", favorable = true, unfavorable = [false] }}
event_time = {{ path = "ts", format = "iso8601", out_of_orderness_s = 5 }}
attributes = [{attributes}]
segment = {{ name = "branch", path = "branch", values = [{branches}] }}
features = [{{ name = "score", path = "score", minimum = {lowest}, maximum = {highest} }}]
windows = [{{ name = "10s", size_s = 10 }}, {{ name = "1m", size_s = 60 }}, {{ name = "5m", size_s = 300 }}]
"""


def policy_of(name: str) -> str:
    """Return the policy as TOML; model and topics get this name."""
    attributes = ", ".join(
        f'{{ name = "{name}", path = "{name}", groups = [{_listed(name, n)}], reference = "{name}-0" }}'
        for name, n in N_GROUPS.items()
    )
    lowest, highest = _SCORES
    branches = _listed("branch", N_SEGMENTS)
    return _POLICY.format(name=name, attributes=attributes, branches=branches, lowest=lowest, highest=highest)


def unfair_decisions(seed: int, timeline: Timeline) -> Iterator[Event]:
    """Yield decisions without end, uniform over groups and segments; the first group of an attribute does best."""
    columns = [*N_GROUPS.values(), N_SEGMENTS]
    for first, uniforms in zip(count(0, BLOCK), Draws(seed, "wide").blocks(len(columns) + 2), strict=False):
        labels = [(uniform * n).astype(np.int64) for uniform, n in zip(uniforms, columns, strict=False)]
        harm = _HARM * sum(label > 0 for label in labels[: len(N_GROUPS)])
        is_approved = uniforms[-2] < _BASE_RATE - harm
        lowest, highest = _SCORES
        scores = (lowest + uniforms[-1] * (highest - lowest)).astype(np.int64)
        yield from _write(seed, first, timeline, labels, scores, is_approved.tolist())


def _write(
    seed: int, first: int, timeline: Timeline, labels: Sequence[Indices], scores: Indices, is_approved: list[bool]
) -> Iterator[Event]:
    times_ms = timeline.times_ms(first, BLOCK)
    rows = zip(iso_times(times_ms), times_ms.tolist(), scores.tolist(), is_approved, *map(list, labels), strict=True)
    for number, (ts, time_ms, score, approved, gender, race, age, branch) in enumerate(rows, first):
        # Every part is a number or a label of this module, so nothing needs escaping.
        value = (
            f'{{"id":"W-{seed}-{number:08d}","person":"P-{number % 200_000:06d}","ts":"{ts}",'
            f'"gender":"gender-{gender}","race":"race-{race}","age":"age-{age}","branch":"branch-{branch}",'
            f'"score":{score},"approved":{"true" if approved else "false"}}}'
        )
        yield Event(f"W-{seed}-{number:08d}".encode(), value.encode(), time_ms)


def _listed(name: str, n: int) -> str:
    return ", ".join(f'"{name}-{number}"' for number in range(n))
