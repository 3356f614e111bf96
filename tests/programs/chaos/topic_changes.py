"""What a customer may do to a raw topic while workers run: add partitions, or delete it and create it again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from stream_app.topics import TopicSpec, changelog_topic
from tests.programs.chaos.logs import lane_positions, read_raw
from tests.programs.chaos.recount import Record
from tests.support.servers.raw_topics import add_partitions, create_again

_COUNTED_S = 300.0
_POLL_S = 1.0

Logs = dict[int, list[Record]]


def grow(kafka: str, topic: str, n_partitions: int) -> None:
    add_partitions(kafka, topic, n_partitions)


def re_create(kafka: str, app_id: str, model: Mapping[str, Any], raw: TopicSpec) -> Logs:
    """Wait until everything is counted, delete the topic and create it again; return what was in it.

    Records that are deleted uncounted are lost, and nobody could know how many: so they are waited for.

    Raises:
        TimeoutError: not everything was counted in time.
    """
    logs = read_raw(kafka, raw.name)
    ends = {partition: records[-1].offset + 1 for partition, records in logs.items() if records}
    changelog = changelog_topic(app_id, "ingest", model["name"])
    deadline = time.monotonic() + _COUNTED_S
    while any(lane_positions(kafka, changelog).get(partition, 0) < end for partition, end in ends.items()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not everything in {raw.name} was counted")
        time.sleep(_POLL_S)
    create_again(kafka, raw.name, raw.partitions, raw.config)
    return logs
