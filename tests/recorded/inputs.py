"""The raw logs: simulated streams with a fixed seed and start time, mixed with handwritten records.

The logs depend on the arguments only: no clock, no hash order, and only seeded random numbers.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from tests.recorded import hostile
from tests.recorded.hostile import Mutation
from tests.recorded.plain import Record
from tests.recorded.run import N_PARTITIONS
from tests.recorded.streams import START_S, SentRecord, camera, credit, loans

LogKey = tuple[str, bool, int]  # model, whether it is the topic of outcomes, partition
Logs = dict[LogKey, list[Record]]


class Silence(NamedTuple):
    """A time range in which a partition is silent. Its records arrive at the end of the range."""

    log_key: LogKey
    from_s: int
    to_s: int


SILENCES = (
    Silence(("loans", False, 2), START_S + 130, START_S + 178),  # windows are revised afterwards
    Silence(("credit", False, 0), START_S + 50, START_S + 64),  # outcomes arrive before their decisions
    Silence(("grants", False, 1), START_S + 70, START_S + 160),  # longer than the revision period
)


def logs() -> Logs:
    """Return every raw log."""
    credit_events = list(credit(840, 0.18, "0@0s,1@15s"))
    grant_events = list(grants(600))
    spare_events = list(grants(80, spacing_ms=2900, run="h"))
    sent = {
        "loans": _with(loans(1740, 0.11, "0@0s,1@30s,0@90s"), hostile.LOANS, loans(90, 2.5, "0", seed=60)),
        "credit": _with(
            [*credit_events, *_contradicted(credit_events)], hostile.CREDIT, _decisions(credit(30, 5.0, "0", seed=40))
        ),
        "camera": _with(camera(290, 0.75), hostile.CAMERA, camera(90, 2.6, seed=12)),
        "grants": _with(grant_events, hostile.GRANTS, _decisions(spare_events)),
    }
    sent["credit"] = _with(sent["credit"], hostile.CREDIT_OUTCOMES, _outcomes(credit_events))
    sent["grants"] = _with(sent["grants"], hostile.GRANTS_OUTCOMES, _outcomes(spare_events))
    records_by_log: Logs = {}
    for model, stream in sent.items():
        for event in stream:
            log_key = model, event.is_outcome, zlib.crc32(event.key) % N_PARTITIONS[model]
            records_by_log.setdefault(log_key, []).append(Record(0, _delayed_until(log_key, event.at_ms), event.value))
    return {log_key: _numbered(records, log_key) for log_key, records in sorted(records_by_log.items())}


def _decisions(sent: Iterable[SentRecord]) -> Iterator[SentRecord]:
    return (event for event in sent if not event.is_outcome)


def _outcomes(sent: Iterable[SentRecord]) -> Iterator[SentRecord]:
    return (event for event in sent if event.is_outcome)


def _numbered(records: Iterable[Record], log_key: LogKey) -> list[Record]:
    """Sort records by the time at which the broker appended them, and assign offsets.

    Every hundredth offset is skipped, and every sixtieth timestamp is 1.5 s early, like those of a broker whose clock
    was set back.
    """
    first = 100 * log_key[2]
    ordered = sorted(records, key=lambda record: record.time_ms)
    return [
        record._replace(offset=first + number + number // 99, time_ms=record.time_ms - 1500 * (number % 60 == 59))
        for number, record in enumerate(ordered)
    ]


def _delayed_until(log_key: LogKey, at_ms: int) -> int:
    for silence in SILENCES:
        if silence.log_key == log_key and silence.from_s * 1000 <= at_ms < silence.to_s * 1000:
            return silence.to_s * 1000
    return at_ms


def _with(stream: Iterable[SentRecord], mutations: Sequence[Mutation], valid: Iterable[SentRecord]) -> list[SentRecord]:
    """Insert handwritten records into a stream, some of them twice."""
    handwritten = [
        event._replace(value=mutate(event.value or b""))
        for number, (mutate, event) in enumerate(zip(mutations, valid, strict=False))
        for _ in range(1 + (number % 7 == 3))
    ]
    assert len(handwritten) > len(mutations)  # there were enough valid records
    return sorted([*stream, *handwritten], key=lambda event: event.at_ms)


def _contradicted(sent: Iterable[SentRecord]) -> Iterator[SentRecord]:
    """Yield a contradicting outcome, 2 s later, for every fortieth outcome that was sent."""
    for event in islice(_outcomes(sent), 0, None, 40):
        is_good = b'"repaid":true' in (event.value or b"")
        value = (event.value or b"").replace(b'"repaid":true', b'"repaid":false')
        yield event._replace(value=value if is_good else value.replace(b":false", b":true"), at_ms=event.at_ms + 2000)


def grants(n: int, *, spacing_ms: int = 365, run: str = "g", seed: int = 13) -> Iterator[SentRecord]:
    """Yield decisions and outcomes for the policy in this folder.

    Women apply more often in the south, where fewer applications are granted. Between 40 s and 110 s the north grants
    almost none of their applications. Scores are higher from 120 s.
    """
    draws = random.Random(seed).random
    pending: list[SentRecord] = []
    for number in range(n):
        at_ms = START_S * 1000 + number * spacing_ms
        yield from (event for event in pending if event.at_ms <= at_ms)
        pending = [event for event in pending if event.at_ms > at_ms]
        elapsed_s = number * spacing_ms / 1000
        sex, level = "fm"[draws() < 0.5], 1 + (draws() < 0.4)
        office = "north" if draws() < (0.75 if sex == "m" else 0.35) else "south"
        rate = 0.8 if office == "north" else 0.5
        if sex == "f" and office == "north" and 40 <= elapsed_s < 110:
            rate = 0.05
        score = min(10.0, round(draws() * 9 + (3.5 if elapsed_s >= 120 else 0.0), 2))
        is_granted = draws() < rate
        case = f"{run}-{number}"
        record = {
            "schema": 2 + (draws() < 0.5),
            "source": "web",
            "case": {"number": case},
            "officer": int(draws() * 20),
            "by": {"version": "1" if elapsed_s < 110 else "2"},
            "person": {
                "mail": f"p{int(draws() * 500)}@example.org", "sex": sex, "level": str(level),
                "income": round(draws() * 3000 + 500 * level, 1), "children": int(draws() * 4), "name": "N. N.",
            },
            "office": office,
            "score": score,
            "result": "granted" if is_granted else "denied" if draws() < 0.7 else "later",
            "at": at_ms - int(draws() * 2500),
        }  # fmt: skip
        if draws() < 0.2:
            record["note"], record["extra"] = "seen", {"rank": number % 5}
        yield SentRecord(case.encode(), json.dumps(record).encode(), at_ms + 40)
        if draws() < 0.8:
            is_well = draws() < (0.4 + 0.05 * score if sex == "m" or not is_granted else 0.9)
            went = "well" if is_well else "badly" if draws() < 0.5 else "worse"
            delay_ms = int(draws() ** 2 * 70_000)
            outcome = {"number": case, "went": went, "at": (at_ms + delay_ms) // 1000, "clerk": int(draws() * 20)}
            outcome["remarks"] = "-"
            pending.append(
                SentRecord(case.encode(), json.dumps(outcome).encode(), at_ms + delay_ms + 60, is_outcome=True)
            )
    yield from pending
