"""Records that carry a canary wherever one can be: identifiers, labels, dropped and undeclared fields, broken ones."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

N_GOOD = 800  # over 40 s: about fifty of each group in a window of ten


@cache
def _now_s() -> float:
    """Return the time of the last record, whenever it is sent: a busy machine must not thin the windows out."""
    return time.time()


def _iso(seconds_ago: float) -> str:
    return datetime.fromtimestamp(_now_s() - seconds_ago, UTC).isoformat()


def loan(canary: str, number: int, **changes: Any) -> bytes:
    """Return a decision with identifiers, and with a label that the policy does not list."""
    record = {
        "application_id": f"{canary}-A{number}",
        "applicant_id": f"{canary}-P{number % 7}",
        "ts": _iso(40 - number * 0.05),
        "gender": ("female", "male", f"{canary}-g", None)[number % 4],
        "approved": number % 3 > 0,
    }
    return json.dumps(record | changes).encode()


def sighting(canary: str, number: int) -> bytes:
    """Return a sighting with fields that must be dropped, and one that nobody declared."""
    record = {
        "track_id": f"{canary}-T{number}",
        "person_id": f"{canary}-person",
        "ts": _iso(40 - number * 0.05),
        "zone": ("hall", "street", f"{canary}-zone")[number % 3],
        "gps": {"lat": f"{canary}-lat", "lon": 4.9, f"{canary}-key": 1},
        "bbox": {"left": 0.1, "top": 0.1, "right": 0.2, "bottom": 0.2},
        "plate": f"{canary}-plate",
        f"{canary}-field": {"face": f"{canary}-face"},
    }
    return json.dumps(record).encode()


def frame(canary: str, number: int) -> bytes:
    """Return an event of Frigate with all that one can leak."""
    state = {
        "id": f"{canary}-F{number}",
        "camera": f"{canary}-camera",
        "frame_time": _now_s() - 40 + number * 0.05,
        "label": f"{canary}-label",
        "sub_label": f"{canary}-name",
        "score": 0.9,
        "current_zones": [("hall", "street", f"{canary}-zone")[number % 3]],
        "recognized_license_plate": f"{canary}-plate",
        "thumbnail": f"{canary}-picture",
        f"{canary}-key": [canary] * 3,
    }
    return json.dumps({"type": "update", "before": state, "after": state}).encode()


def bad_records(canary: str) -> list[bytes]:
    """Return records that cannot be decoded, break the policy, or come too early or late."""
    good = loan(canary, 0)
    return [
        good[:-9],
        f"{canary} is no JSON".encode(),
        loan(canary, 1, **{canary: 1}),
        loan(canary, 2, ts=f"{canary}-ts"),
        loan(canary, 3, approved=canary),
        loan(canary, 4, application_id=f"{canary}\u0000"),
        good.replace(b"}", b', "gender": "' + canary.encode() + b'"}'),
        loan(canary, 5, ts="9999-01-01T00:00:00Z"),
        loan(canary, N_GOOD + 1, ts=_iso(4000)),
    ]
