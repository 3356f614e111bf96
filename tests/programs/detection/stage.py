"""One run on a real broker: an installation, the decisions sent in five ways, a worker that is killed, the alerts."""

from __future__ import annotations

import re
import threading
import time
import tomllib
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from producers.event import Event
from producers.publish import Destination, publish
from stream_app.pipeline.seals import take_seal
from stream_app.policy import SHIPPED
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS, LATE_DECISIONS
from tests.programs.chaos.logs import read_json, read_topic, wait_until_decided
from tests.programs.detection.streams import PANE_S, Scenario, Sending, disorder_of
from tests.support.servers.sites import Site, open_site

FAIR = "fair"
_SETTLE_S = 600.0
_PART_S = 2.0  # while a part of the drift is being sent, the worker is killed
_ROOM = {"FAIRSTREAM_MAX_SERIES": "50000"}  # five models in one worker
_ATTRIBUTE = re.compile(r'^    \{ name = "(\w+)", path = "(\w+)", .*\n', re.MULTILINE)

Alert = dict[str, Any]
Note = Callable[[str], object]


@dataclass
class DetectionRun:
    """What was sent in a run and what came of it.

    Attributes:
        scenario: What was sent.
        attributes: Name, groups and reference group of each protected attribute.
        start_s: Event time of the first decision.
        alerts: Alerts of each stream in the order of the log, committed ones only.
        n_judged: Decisions in closed panes of each stream.
        n_late: Decisions that came too late, over all streams.
        n_disordered: Decisions that were delayed or sent twice, by way of sending.
        alerts_at_kills: Alerts about the stream of the killed worker when it was killed.
    """

    scenario: Scenario
    attributes: list[tuple[str, list[str], str]]
    start_s: int
    alerts: dict[str, list[Alert]] = field(default_factory=dict)
    n_judged: dict[str, int] = field(default_factory=dict)
    n_late: int = 0
    n_disordered: dict[str, int] = field(default_factory=dict)
    alerts_at_kills: list[list[Alert]] = field(default_factory=list)


class Stage:
    """An installation of its own with four partitions, and one with a single partition, on one broker.

    Args:
        kafka: Address of the broker.
        folder: An empty folder.
        scenario: What is sent.
        note: Called with one line for each thing that happens.
    """

    def __init__(self, kafka: str, folder: Path, scenario: Scenario, note: Note = lambda _: None) -> None:
        self._scenario = scenario
        self._note = note
        tag = f"it-{uuid.uuid4().hex[:8]}"
        many = [sending for sending in Sending if sending is not Sending.SINGLE]
        self._site = _open(kafka, folder / "four", f"{tag}-4", [*many, FAIR], scenario, n_partitions=4)
        self._single = _open(kafka, folder / "one", f"{tag}-1", [Sending.SINGLE], scenario, n_partitions=1)
        self.record = DetectionRun(scenario, _attributes_of(self._site), scenario.start_s(time.time()))

    def run(self) -> DetectionRun:
        """Send everything, let it be judged, and return what came of it.

        Raises:
            AssertionError: something was not judged in time, with the end of the worker's log.
        """
        self._drift_with_kills()
        with self._site.worker(**_ROOM), self._single.worker(**_ROOM):
            for sending in (Sending.ONCE, Sending.TWICE, Sending.LATE, Sending.SINGLE):
                self._send_in_order_of(sending)
            self._send(self._site, FAIR, self._scenario.fair_decisions(self.record.start_s))
            self._wait_until_judged()
        wait_until_decided(self._site.kafka, [FAIRNESS_ALERTS, LATE_DECISIONS])
        self._read()
        return self.record

    def _drift_with_kills(self) -> None:
        """Send until the breach for women is reported, then kill the worker several times; then send the rest."""
        scenario = self._scenario
        decisions = self._scenario.decisions(self.record.start_s)
        n_part = scenario.n_drift // 2 // scenario.n_kills
        with self._site.worker(**_ROOM) as worker:
            self._send(self._site, Sending.KILLED, islice(decisions, scenario.n_before + scenario.n_drift // 2))
            self._site.wait_until("the drift is detected", lambda: bool(_alerts_of(self._site, Sending.KILLED)))
            self._kill_while_sending(worker.kill, list(islice(decisions, n_part)))
        for _ in range(scenario.n_kills - 1):
            with self._site.worker(**_ROOM) as worker:
                before_s = _judged_before_s(self._site)[Sending.KILLED]
                self._site.wait_until(
                    "the next worker judges",
                    lambda before_s=before_s: _judged_before_s(self._site)[Sending.KILLED] > before_s,  # type: ignore[misc]
                )
                self._kill_while_sending(worker.kill, list(islice(decisions, n_part)))
        self._send(self._site, Sending.KILLED, decisions)

    def _kill_while_sending(self, kill: Callable[[], int], part: list[Event]) -> None:
        rate = len(part) / _PART_S
        sender = threading.Thread(target=self._send, args=(self._site, Sending.KILLED, part), kwargs={"rate": rate})
        sender.start()
        time.sleep(_PART_S / 2)  # into the middle of a transaction, most times
        kill()
        self.record.alerts_at_kills.append(_alerts_of(self._site, Sending.KILLED))
        self._note(f"killed the worker with {len(self.record.alerts_at_kills[-1])} alerts reported")
        sender.join()

    def _send_in_order_of(self, sending: Sending) -> None:
        events: Iterator[Event] = self._scenario.decisions(self.record.start_s)
        if (disorder := disorder_of(sending)) is not None:
            events = disorder.disturb(events)
        self._send(self._single if sending is Sending.SINGLE else self._site, sending, events)
        self.record.n_disordered[sending] = disorder.n_late + disorder.n_duplicates if disorder else 0

    def _send(self, site: Site, stream: str, events: Iterable[Event], rate: float = 0.0) -> None:
        delivery = publish(events, Destination(site.kafka, f"{site.app_id}-{stream}-raw"), rate=rate)
        assert delivery.n_failed == 0
        self._note(f"sent {delivery.n_sent:,} events of {stream} in {delivery.seconds:.0f} s")

    def _wait_until_judged(self) -> None:
        """Wait until all panes but the last are judged; no later event closes that one."""
        scenario, start_s = self._scenario, self.record.start_s
        last_pane_s = {sending.value: start_s + scenario.time_s(scenario.n) - PANE_S for sending in Sending}
        last_pane_s[FAIR] = start_s + scenario.n_fair // scenario.n_per_fair_pane * PANE_S - PANE_S
        for site in (self._site, self._single):
            wanted = {stream: time_s for stream, time_s in last_pane_s.items() if self._site_of(stream) is site}
            site.wait_until(
                "all panes but the last are judged",
                lambda site=site, wanted=wanted: _judged_before_s(site) == wanted,  # type: ignore[misc]
                timeout_s=_SETTLE_S,
            )
        self._note("everything is judged")

    def _read(self) -> None:
        for site in (self._site, self._single):
            models = {_model(site, stream): stream for stream in _streams_of(site)}
            for result in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id):
                if result["model"] in models and (result["window"], result["attribute"]) == ("total", "gender"):
                    self.record.n_judged[models[result["model"]]] = result["n"]
            for stream in models.values():
                self.record.alerts[stream] = _alerts_of(site, stream)
            self.record.n_late += sum(
                notice["model"] in models for notice in read_json(site.kafka, LATE_DECISIONS, site.app_id)
            )

    def _site_of(self, stream: str) -> Site:
        return self._single if stream == Sending.SINGLE else self._site


def _alerts_of(site: Site, stream: str) -> list[Alert]:
    return [
        alert for alert in read_json(site.kafka, FAIRNESS_ALERTS, site.app_id) if alert["model"] == _model(site, stream)
    ]


def _judged_before_s(site: Site) -> dict[str, int]:
    """Return how far event time has come in each stream, as the journal says; 0 before the first pane."""
    models = {_model(site, stream): stream for stream in _streams_of(site)}
    reached = dict.fromkeys(models.values(), 0)
    for message in read_topic(site.kafka, FAIRNESS_JOURNAL):
        entry = msgspec.msgpack.decode(take_seal(message.value())[0])  # others may seal their records
        if entry["model"] in models and entry["advances"]:
            reached[models[entry["model"]]] = entry["advances"][-1][0]
    return reached


def _streams_of(site: Site) -> list[str]:
    return [model["name"].removeprefix(f"{site.app_id}-") for model in site.models]


def _model(site: Site, stream: str) -> str:
    return f"{site.app_id}-{stream}"


def _open(
    kafka: str, folder: Path, app_id: str, streams: Iterable[str], scenario: Scenario, *, n_partitions: int
) -> Site:
    folder.mkdir()
    policies = [_policy_of(stream, scenario.attributes) for stream in streams]
    return open_site(kafka, folder, app_id, *policies, n_partitions=n_partitions)


def _policy_of(stream: str, attributes: tuple[str, ...]) -> str:
    """Return the shipped policy of the simulated loans for one stream, with some of its attributes.

    No silence of the sender moves event time on: panes close by what is read, so that runs are comparable. A comparison
    period is one pane: a drift begins and ends between two.
    """
    text = (SHIPPED / "loans.toml").read_text("utf-8")
    text = text.replace('"loans"', f'"{stream}"').replace("loan-decisions", stream)
    text = text.replace("out_of_orderness_s = 5", "out_of_orderness_s = 5, idle_s = 3600.0")
    unused = [match for match in _ATTRIBUTE.finditer(text) if match[1] not in attributes]
    for match in unused:
        text = text.replace(match[0], "")
    kept = "".join(f', "{match[2]}"' for match in unused)
    text = text.replace('keep = ["region"', f'keep = ["region"{kept}')
    return re.sub(r"period_s = \d+", f"period_s = {PANE_S}", text)


def _attributes_of(site: Site) -> list[tuple[str, list[str], str]]:
    model = tomllib.loads(site.policy_file.read_text("utf-8"))["models"][0]
    return [(attribute["name"], attribute["groups"], attribute["reference"]) for attribute in model["attributes"]]
