"""What happens when: every disturbance of a run, drawn from its seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, NamedTuple

Kind = Literal[
    "kill worker", "kill broker", "freeze worker", "add worker", "remove worker", "jump clock", "change policy"
]
TopicChange = Literal["add partition", "re-create topic"]

_FIRST_S = 4.0  # the first workers are just there: loading and joining are disturbed too


class Disturbance(NamedTuple):
    at_s: float  # since the first event was sent
    kind: Kind
    lasts_s: float  # how long a broker stays away, a frozen worker asleep, a clock wrong


@dataclass(frozen=True)
class Plan:
    """One run.

    Attributes:
        seed: Decides the input and every disturbance.
        n_events: Events of the simulator; duplicates come on top.
        n_afterwards: Of these, events that are sent when all others are counted and every window has closed.
        rate: Events sent per second.
        event_rate: Events per second of event time.
        n_partitions: Partitions of the raw topic.
        n_workers: Workers at the start.
        n_kills: Workers killed with SIGKILL.
        n_broker_kills: Times that the broker is killed with SIGKILL and started again on its data.
        n_zombies: Workers stopped for longer than their session, then woken.
        n_changes: Times that a worker is added, and that one is removed with SIGTERM.
        topic_changes: What happens to the raw topic, each after an equal share of the input: it gets one more
            partition, or is deleted and created again with the first number of partitions.
        n_policy_changes: Times that the policy grows by a rolling update, at most 2.
        n_clock_jumps: Times that the wall clock of all workers jumps a quarter of an hour, and back a moment later.
        session_s: Session of the consumer group.
        flush_s: Time between two transactions of a lane.
    """

    seed: int
    n_events: int = 1_000_000
    n_afterwards: int = 0
    rate: float = 10_000.0
    event_rate: float = 1_000.0
    n_partitions: int = 4
    n_workers: int = 2
    n_kills: int = 20
    n_broker_kills: int = 3
    n_zombies: int = 3
    n_changes: int = 2
    topic_changes: tuple[TopicChange, ...] = ("add partition", "re-create topic")
    n_policy_changes: int = 2
    n_clock_jumps: int = 2
    session_s: float = 3.0
    flush_s: float = 1.0

    @property
    def sending_s(self) -> float:
        return (self.n_events - self.n_afterwards) / self.rate


def topic_changes_in_turn(n_growths: int, n_recreations: int) -> tuple[TopicChange, ...]:
    """Return growths and re-creations in turn.

    >>> topic_changes_in_turn(2, 1)
    ('add partition', 're-create topic', 'add partition')
    """
    growths: list[TopicChange] = ["add partition"] * n_growths
    recreations: list[TopicChange] = ["re-create topic"] * n_recreations
    pairs = zip_longest(growths, recreations)
    return tuple(change for pair in pairs for change in pair if change is not None)


def draw_schedule(plan: Plan) -> list[Disturbance]:
    """Spread the disturbances evenly at random over the time of sending; broker kills keep a distance."""
    draws = random.Random(plan.seed)
    span_s = max(1.0, plan.sending_s - _FIRST_S)
    drawn = [Disturbance(_FIRST_S + draws.random() * span_s, "kill worker", 0.0) for _ in range(plan.n_kills)]
    for number in range(plan.n_broker_kills):
        at_s = _FIRST_S + (number + 0.2 + 0.6 * draws.random()) * span_s / plan.n_broker_kills
        drawn.append(Disturbance(at_s, "kill broker", draws.uniform(0.0, 3.0)))
    for number in range(plan.n_zombies):
        at_s = _FIRST_S + (number + draws.random()) * span_s / plan.n_zombies
        drawn.append(Disturbance(at_s, "freeze worker", plan.session_s + draws.uniform(1.0, 4.0)))
    for number in range(plan.n_changes):
        at_s = _FIRST_S + (number + 0.4 * draws.random()) * span_s / plan.n_changes
        drawn.append(Disturbance(at_s, "add worker", 0.0))
        drawn.append(Disturbance(at_s + 0.5 * span_s / plan.n_changes, "remove worker", 0.0))
    for number in range(plan.n_clock_jumps):
        at_s = _FIRST_S + (number + 0.8 * draws.random()) * span_s / plan.n_clock_jumps
        drawn.append(Disturbance(at_s, "jump clock", draws.uniform(2.0, 6.0)))
    for number in range(plan.n_policy_changes):
        at_s = _FIRST_S + (number + 0.8 * draws.random()) * span_s / plan.n_policy_changes
        drawn.append(Disturbance(at_s, "change policy", 0.0))
    return sorted(drawn)
