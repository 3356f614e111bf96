"""6,000 decisions without randomness, of which every count is known: fair in the first half, unfair in the second.

Every tenth decision is about group B, the others about group W. W is denied one time in eight; B too in the first half,
but three times in eight in the second. Spaced by ``SPACING_S``, each one-minute window contains 1,000 of them:

====== ========== ========== ========
minute B          W          ratio
====== ========== ========== ========
1      88 of 100  788 of 900 1.005076
2      87 of 100  787 of 900 0.994917
3      88 of 100  788 of 900 1.005076
4      62 of 100  787 of 900 0.709022
5      63 of 100  788 of 900 0.719543
6      62 of 100  787 of 900 0.709022
====== ========== ========== ========

A total since the start hides the change: 450 of 600 vs. 4725 of 5400 is 0.857143.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from producers.event import Event
from producers.timeline import Timeline, iso_time

N_DECISIONS = 6000
CHANGE_AT = 3000
SPACING_S = 0.06
ALIGN_S = 3600  # starts at a full hour, a multiple of every window of the policy


class ReferenceDecision(NamedTuple):
    """One decision; ``number`` counts from 0, ``group`` is ``W`` (the reference) or ``B``."""

    number: int
    group: str
    is_approved: bool


def reference_decisions() -> Iterator[ReferenceDecision]:
    """Yield the decisions.

    >>> [d.group for d in reference_decisions()][:3], sum(d.is_approved for d in reference_decisions())
    (['B', 'W', 'W'], 5175)
    """
    n_of_group = {"B": 0, "W": 0}
    for index in range(N_DECISIONS):
        group = "B" if index % 10 == 0 else "W"
        n_of_group[group] += 1
        denied = {0, 2, 5} if group == "B" and index >= CHANGE_AT else {0}
        yield ReferenceDecision(index, group, n_of_group[group] % 8 not in denied)


def stream_reference(timeline: Timeline) -> Iterator[Event]:
    """Yield the decisions as records of the shipped policy ``loans``: B are women, W are men, all else is equal."""
    for number, group, is_approved in reference_decisions():
        case, time_ms = f"D-{number + 1:04d}", timeline.time_ms(number)
        gender = "female" if group == "B" else "male"
        value = (
            f'{{"application_id":"{case}","applicant_id":"P-D{number + 1:04d}","ts":"{iso_time(time_ms)}",'
            f'"gender":"{gender}","race":"white","age_band":"30-44","region":"north","product":"home",'
            f'"credit_score":650,"approved":{"true" if is_approved else "false"}}}'
        )
        yield Event(case.encode(), value.encode(), time_ms)
