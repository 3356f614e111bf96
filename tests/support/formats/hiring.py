"""Hiring decisions: nested records with a decimal, logical types, an enum, unions, a list and a map.

The second schema adds a field inside a nested record, which the policy drops, and a further one that it keeps.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

POLICY = """
schema = 1

[[models]]
name = "hiring"
topic = "hiring-raw"
output_topic = "hiring-events"
event_id = { path = "id", link_domain = "application" }
identifiers = [{ path = "candidate.email", link_domain = "candidate", canonical = "email" }]
decision = { path = "result.status", favorable = ["HIRED"], unfavorable = ["REJECTED", "WITHDRAWN"] }
event_time = { path = "result.decided_at", format = "epoch_ms" }
attributes = [
    { name = "gender", path = "candidate.gender", groups = ["f", "m"], reference = "m" },
]
segment = { name = "office", path = "office.city", values = ["Kiel", "Ulm"] }
features = [
    { name = "salary", path = "offer.salary", minimum = 0, maximum = 100000, is_required = false },
    { name = "rating", path = "result.rating", minimum = 0, maximum = 10, scale = 100 },
]
keep = ["candidate.born", "offer.currency", "result.is_referred"]
unknown_fields = "drop"
drop = ["candidate.tags"]
"""

_DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}


def _record(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": kind} for key, kind in fields.items()]}


def _schema(offer: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    person = _record(
        "Candidate",
        email="string",
        gender=["null", "string"],
        born={"type": "int", "logicalType": "date"},
        tags={"type": "array", "items": "string"},
        notes={"type": "map", "values": ["null", "long", "string"]},
    )
    status = {"type": "enum", "name": "Status", "symbols": ["HIRED", "REJECTED", "WITHDRAWN"]}
    return _record(
        "Hiring",
        id={"type": "string", "logicalType": "uuid"},
        candidate=person,
        office=_record("Office", city="string"),
        offer=["null", _record("Offer", salary=_DECIMAL, currency="string", **offer)],
        result=_record(
            "Result",
            status=status,
            decided_at={"type": "long", "logicalType": "timestamp-millis"},
            rating="double",
            **result,
        ),
    ) | {"namespace": "people"}


AVRO_1 = _schema({}, {})
AVRO_2 = _schema({"bonus": ["null", _DECIMAL]}, {"is_referred": "boolean"})


def hiring(number: int, now_s: float, *, is_second: bool) -> dict[str, Any]:
    """Return the values of a record; the same for the same number."""
    draw = random.Random(number)
    status = draw.choice(["HIRED", "HIRED", "REJECTED", "WITHDRAWN"])
    moment = datetime.fromtimestamp(round(now_s - draw.random() * 5, 3), UTC)
    offer = {"salary": Decimal(draw.randrange(10**7)).scaleb(-2), "currency": draw.choice(["EUR", "CHF"])}
    result = {"status": status, "decided_at": moment, "rating": draw.random() * 10}
    if is_second:
        offer["bonus"] = draw.choice([None, Decimal(draw.randrange(10**4)).scaleb(-2)])
        result["is_referred"] = draw.random() < 0.5
    return {
        "id": UUID(int=draw.getrandbits(128)),
        "candidate": {
            "email": f"Zoë.{draw.randrange(50)}@Example.org",
            "gender": draw.choice(["f", "m", None]),
            "born": date(1960, 1, 1) + timedelta(days=draw.randrange(15_000)),
            "tags": draw.sample(["a", 'b"\\', "ü"], draw.randrange(4)),
            "notes": {"a": None, "b": draw.randrange(-(2**62), 2**62), "c": "x"},
        },
        "office": {"city": draw.choice(["Kiel", "Ulm", "Bonn"])},
        "offer": offer if status == "HIRED" else None,
        "result": result,
    }


def as_json(record: dict[str, Any]) -> bytes:
    """Return a record as a producer of JSON writes it: decimals as numbers, the time in milliseconds."""
    result = record["result"]
    decided_ms = round(result["decided_at"].timestamp() * 1000)
    plain = record | {"result": result | {"decided_at": decided_ms}}
    return msgspec.json.Encoder(decimal_format="number").encode(plain)
