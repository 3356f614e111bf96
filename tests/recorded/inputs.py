"""The logs: simulated streams with a fixed seed and start, and records made by hand between them.

Everything follows from the arguments: no clock, no hash order, no random numbers but seeded ones.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from tests.recorded import hostile
from tests.recorded.hostile import Make
from tests.recorded.plain import Record
from tests.recorded.run import N_PARTITIONS
from tests.recorded.streams import START_S, Sent, camera, credit, loans

Place = tuple[str, bool, int]  # model, whether it is the topic of the outcomes, partition
Logs = dict[Place, list[Record]]


class Silence(NamedTuple):
    """A time range in which a partition is silent; its records come at the end."""

    place: Place
    from_s: int
    to_s: int


SILENCES = (
    Silence(("loans", False, 2), START_S + 130, START_S + 178),  # then windows are revised
    Silence(("credit", False, 0), START_S + 50, START_S + 64),  # outcomes come before their decisions
    Silence(("grants", False, 1), START_S + 70, START_S + 160),  # longer than what may be corrected
)


def logs() -> Logs:
    """Return every raw log."""
    decided = list(credit(840, 0.18, "0@0s,1@15s"))
    granted = list(grants(600))
    spare = list(grants(80, spacing_ms=2900, run="h"))
    sent = {
        "loans": _with(loans(1740, 0.11, "0@0s,1@30s,0@90s"), hostile.LOANS, loans(90, 2.5, "0", seed=60)),
        "credit": _with([*decided, *_contradicted(decided)], hostile.CREDIT, _decisions(credit(30, 5.0, "0", seed=40))),
        "camera": _with(camera(290, 0.75), hostile.CAMERA, camera(90, 2.6, seed=12)),
        "grants": _with(granted, hostile.GRANTS, _decisions(spare)),
    }
    sent["credit"] = _with(sent["credit"], hostile.CREDIT_OUTCOMES, _outcomes(decided))
    sent["grants"] = _with(sent["grants"], hostile.GRANTS_OUTCOMES, _outcomes(spare))
    found: Logs = {}
    for model, stream in sent.items():
        for event in stream:
            place = model, event.is_outcome, zlib.crc32(event.key) % N_PARTITIONS[model]
            found.setdefault(place, []).append(Record(0, _delayed_until(place, event.at_ms), event.value))
    return {place: _numbered(records, place) for place, records in sorted(found.items())}


def _decisions(sent: Iterable[Sent]) -> Iterator[Sent]:
    return (event for event in sent if not event.is_outcome)


def _outcomes(sent: Iterable[Sent]) -> Iterator[Sent]:
    return (event for event in sent if event.is_outcome)


def _numbered(records: Iterable[Record], place: Place) -> list[Record]:
    """Put records in the order in which the broker took them.

    Every hundredth offset is taken by something else, and the broker's clock goes back for a moment now and then.
    """
    first = 100 * place[2]
    ordered = sorted(records, key=lambda record: record.time_ms)
    return [
        record._replace(offset=first + number + number // 99, time_ms=record.time_ms - 1500 * (number % 60 == 59))
        for number, record in enumerate(ordered)
    ]


def _delayed_until(place: Place, at_ms: int) -> int:
    for silence in SILENCES:
        if silence.place == place and silence.from_s * 1000 <= at_ms < silence.to_s * 1000:
            return silence.to_s * 1000
    return at_ms


def _with(stream: Iterable[Sent], makes: Sequence[Make], good: Iterable[Sent]) -> list[Sent]:
    """Put records made by hand between those of a stream, some of them twice."""
    made = [
        event._replace(value=make(event.value or b""))
        for number, (make, event) in enumerate(zip(makes, good, strict=False))
        for _ in range(1 + (number % 7 == 3))
    ]
    assert len(made) > len(makes)  # there were enough good ones
    return sorted([*stream, *made], key=lambda event: event.at_ms)


def _contradicted(sent: Iterable[Sent]) -> Iterator[Sent]:
    """Yield another outcome for some of those that were sent, a little later."""
    for event in islice(_outcomes(sent), 0, None, 40):
        is_good = b'"repaid":true' in (event.value or b"")
        value = (event.value or b"").replace(b'"repaid":true', b'"repaid":false')
        yield event._replace(value=value if is_good else value.replace(b":false", b":true"), at_ms=event.at_ms + 2000)


def grants(n: int, *, spacing_ms: int = 365, run: str = "g", seed: int = 13) -> Iterator[Sent]:
    """Yield decisions and outcomes under the policy of this folder.

    Women apply in the south more often, where fewer are granted; from 40 s to 110 s they are treated worse in the
    north. Scores move up from 120 s on.
    """
    draws = random.Random(seed).random
    later: list[Sent] = []
    for number in range(n):
        at_ms = START_S * 1000 + number * spacing_ms
        yield from (event for event in later if event.at_ms <= at_ms)
        later = [event for event in later if event.at_ms > at_ms]
        since_s = number * spacing_ms / 1000
        sex, level = "fm"[draws() < 0.5], 1 + (draws() < 0.4)
        office = "north" if draws() < (0.75 if sex == "m" else 0.35) else "south"
        rate = 0.8 if office == "north" else 0.5
        if sex == "f" and office == "north" and 40 <= since_s < 110:
            rate = 0.05
        score = min(10.0, round(draws() * 9 + (3.5 if since_s >= 120 else 0.0), 2))
        is_granted = draws() < rate
        case = f"{run}-{number}"
        record = {
            "schema": 2 + (draws() < 0.5),
            "source": "web",
            "case": {"number": case},
            "officer": int(draws() * 20),
            "by": {"version": "1" if since_s < 110 else "2"},
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
        yield Sent(case.encode(), json.dumps(record).encode(), at_ms + 40)
        if draws() < 0.8:
            is_well = draws() < (0.4 + 0.05 * score if sex == "m" or not is_granted else 0.9)
            went = "well" if is_well else "badly" if draws() < 0.5 else "worse"
            delay_ms = int(draws() ** 2 * 70_000)
            ended = {"number": case, "went": went, "at": (at_ms + delay_ms) // 1000, "clerk": int(draws() * 20)}
            ended["remarks"] = "-"
            later.append(Sent(case.encode(), json.dumps(ended).encode(), at_ms + delay_ms + 60, is_outcome=True))
    yield from later
