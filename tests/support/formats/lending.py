"""Loan decisions: flat records with a text as event time; the second schema adds the version of the model."""

from __future__ import annotations

from typing import Any

from tests.support.lanes.ingest_lane import encode

_TEXTS = ("application_id", "applicant_id", "ts", "gender")
AVRO_1: dict[str, Any] = {
    "type": "record",
    "name": "Loan",
    "namespace": "bank",
    "fields": [
        *({"name": name, "type": "string"} for name in _TEXTS),
        {"name": "race", "type": ["null", "string"], "default": None},
        {"name": "age_band", "type": {"type": "enum", "name": "Age", "symbols": ["young", "old"]}},
        {"name": "region", "type": "string"},
        {"name": "product", "type": "string"},
        {"name": "credit_score", "type": ["null", "int", "double"]},
        {"name": "approved", "type": "boolean"},
    ],
}
AVRO_2 = AVRO_1 | {
    "fields": [*AVRO_1["fields"], {"name": "model_version", "type": ["null", "string"], "default": None}]
}
JSON_SCHEMA = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}


def as_json(record: dict[str, Any]) -> bytes:
    """Return a record as a producer of JSON writes it."""
    return encode(record)
