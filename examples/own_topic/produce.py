"""Send housing decisions to Kafka, as a program of a city would: plain JSON, no FairStream.

The first minute of event time is fair; after it, applications of women are granted less often.

    python produce.py [--count 9000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Iterator
from typing import Any

from kafka import KafkaProducer

TOPIC = "housing-decisions"
EVENTS_PER_SECOND = 50
FAIR_S = 60


def decisions(count: int, start_s: float) -> Iterator[dict[str, Any]]:
    """Yield decisions with event times from ``start_s`` on."""
    draws = random.Random(2026)
    for number in range(count):
        after_s = number / EVENTS_PER_SECOND
        gender = draws.choice(("female", "male"))
        is_harmed = gender == "female" and after_s >= FAIR_S
        yield {
            "application": {"id": f"H-{start_s:.0f}-{number}", "email": f"person{draws.randrange(10**6)}@example.org"},
            "applicant": {"gender": gender, "household": draws.choice(("single", "family"))},
            "district": draws.choice(("north", "south")),
            "status": "granted" if draws.random() < (0.4 if is_harmed else 0.7) else "denied",
            "decided_at": int((start_s + after_s) * 1000),
        }


def main() -> None:
    """Send the decisions and wait until Kafka has them."""
    parser = argparse.ArgumentParser(description="Send housing decisions to Kafka.")
    parser.add_argument("--count", type=int, default=9000, help="Number of decisions.")
    count = parser.parse_args().count
    producer = KafkaProducer(bootstrap_servers=os.environ.get("FAIRSTREAM_KAFKA", "127.0.0.1:9092").split(","))
    start_s = time.time() - count / EVENTS_PER_SECOND  # the last decision was made now
    for decision in decisions(count, start_s):
        key = decision["application"]["id"].encode()  # one application, one partition
        producer.send(TOPIC, key=key, value=json.dumps(decision).encode())
    producer.flush()
    producer.close()
    print(f"{count} decisions sent to {TOPIC}")


if __name__ == "__main__":
    main()
