"""The quick form: judged in memory, a minute of event time each second; servers with short intervals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stream_app.edges.metrics.health import Health
from stream_app.edges.metrics.server import MetricsServer
from stream_app.edges.servers.shipped import MonitoringIntervals
from tests.programs.page_check.claims import Episode
from tests.programs.page_check.messages import Message, open_inbox
from tests.support.alarm_stage import AlarmStage, Chance, fair, unfair_to

# A scrape that takes longer than its interval fails, and the values are gone: a busy machine needs some seconds.
_PACE = MonitoringIntervals(scrape_s=4, evaluation_s=1, group_s=1, hold_s=16)
_MINUTE_S = 0.8  # of the clock, for a minute of event time
_MESSAGE_S = 120.0  # until a message must have arrived; a few seconds on a machine that is not busy
MODEL, ATTRIBUTE = "loans", "gender"


class Phase(NamedTuple):
    """Some minutes with the same chances."""

    minutes: int
    chance: Chance


FAIR_BREACH_FAIR_MILDER: Sequence[Phase] = (
    Phase(4, fair),
    Phase(6, unfair_to("female", ratio=0.55)),
    Phase(12, fair),
    Phase(6, unfair_to("female", ratio=0.68)),
    Phase(4, fair),
)
_HOUR_CLOSES = 16  # minutes after the start: after the recovery, so that the hour contains the breach


def run_quick(folder: Path) -> tuple[list[Episode], list[Message]]:
    """Return the breaches that were made and what was sent about them."""
    ahead_s = (int(time.time()) // 3600 + 2) * 3600 - _HOUR_CLOSES * 60  # values from the future are never stale
    stage = AlarmStage(seed=42, start_s=ahead_s)
    changes_s = []
    with _serving(stage) as address, open_inbox(folder, address, _PACE) as inbox:
        for n_messages, phase in enumerate(FAIR_BREACH_FAIR_MILDER):  # each change is reported before the next one
            changes_s.append(time.time())
            for _ in range(phase.minutes):
                begins_s = time.monotonic()
                stage.minute(phase.chance)
                time.sleep(max(0.0, _MINUTE_S - (time.monotonic() - begins_s)))
            deadline_s = time.monotonic() + _MESSAGE_S
            while time.monotonic() < deadline_s and len(inbox.messages()) < n_messages:
                time.sleep(_MINUTE_S)
        messages = inbox.messages()
    _, first_s, over_s, second_s, end_s = changes_s
    episodes = [
        Episode(MODEL, ATTRIBUTE, first_s, over_s, second_s),
        Episode(MODEL, ATTRIBUTE, second_s, end_s, time.time() + 1),
    ]
    return episodes, messages


@contextmanager
def _serving(stage: AlarmStage) -> Iterator[str]:
    server = MetricsServer(stage.registry, Health(), "127.0.0.1", 0)
    server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.stop()
