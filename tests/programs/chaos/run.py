"""One run from the empty broker to the findings."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import msgspec

from producers.event import Event
from producers.publish import Destination, SendReport, publish
from stream_app.edges.files.key_file import create_key_file, key_file_path
from stream_app.edges.host.ports import free_port
from stream_app.edges.kafka.admin import count_existing, create_topics
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.errors import BrokerUnavailableError, TopicError
from stream_app.policy import parse_policy
from stream_app.topics import (
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
    TopicSpec,
    declared_topics,
)
from tests.programs.chaos.audit import audit_everything
from tests.programs.chaos.crew import Crew
from tests.programs.chaos.disturbed import disturbed_events
from tests.programs.chaos.findings import Finding, compare_once
from tests.programs.chaos.logs import read_json, read_partials, read_raw, wait_until_decided
from tests.programs.chaos.policy_changes import Policies
from tests.programs.chaos.recount import InForce, Recount, recount_logs, sum_windows
from tests.programs.chaos.schedule import Disturbance, Plan, TopicChange, draw_schedule
from tests.programs.chaos.topic_changes import Logs, grow, re_create
from tests.programs.chaos.verdicts import begun
from tests.programs.chaos.worker_clock import MISSING, WorkerClock
from tests.support.servers.sites import Site

POLICY_FILE = Path(__file__).with_name("policy.toml")
_GIVE_UP_S = 300.0  # the producers ride out any broker restart, also on a busy machine
_SETTLE_S = 400.0  # from the last event until everything must be counted and every window closed
_BROKER_TRIES = 5
_VERIFY_S = 900.0

Note = Callable[[str], object]


@dataclass
class Story:
    """What happened in a run.

    Attributes:
        done: How often each kind of disturbance really happened.
        exits: How often a worker ended by itself, by exit code.
        n_starts: Worker processes started.
        sent: What became of the input.
        settled_s: From the last event sent to the last window closed.
    """

    done: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    n_starts: int = 0
    sent: SendReport = field(default_factory=SendReport)
    settled_s: float = 0.0


class ChaosRun:
    """One run in a folder of its own with the broker's data and every log.

    Args:
        plan: What happens.
        folder: An empty folder.
        note: Called with one line for each thing that happens.
    """

    def __init__(self, plan: Plan, folder: Path, note: Note) -> None:
        self.plan = plan
        self.story = Story()
        self._note = note
        self._draws = random.Random(plan.seed + 1)
        self.policies = Policies(POLICY_FILE)
        self._policy = parse_policy(POLICY_FILE.read_text("utf-8"))
        self._model = self.policies.first
        self._folder = folder
        self._app_id = f"chaos-{uuid.uuid4().hex[:8]}"
        self._broker = LocalKafka(folder / "kafka", port=free_port(), heap_mb=512, start_timeout_s=300.0)
        create_key_file(key_file_path(folder))
        self._clock = WorkerClock(folder / "clock")
        self._crew = Crew(self._environ(folder), folder)
        self._threads: list[threading.Thread] = []
        self._former: list[Logs] = []  # of the raw topic, before it was created again
        self._events = disturbed_events(plan)
        self._destination = Destination(self._broker.bootstrap, self._model["topic"], give_up_s=_GIVE_UP_S)
        self._broker_lock = threading.Lock()  # a topic is not changed while the broker is away

    def run(self) -> list[Finding]:
        """Return what was found; the last finding first differs when the run did not settle.

        Raises:
            TimeoutError: not everything was counted in time, and the logs cannot be read to their ends.
        """
        with self._broker:
            create_topics(self._broker.bootstrap, self._specs())
            self._crew.start(self.plan.n_workers)
            try:
                self._disturb()
                recounts = self._settle()
                if self.plan.n_afterwards:
                    self._publish(self._events)
                    recounts = self._settle()
            finally:
                exits = self._crew.stop()
                self.story.exits, self.story.n_starts = self._crew.exits, self._crew.n_starts
            self._note(f"workers stopped with {exits}")
            wait_until_decided(self._broker.bootstrap, (spec.name for spec in self._specs()))
            recounts = self._recount() if len(self.policies.texts) > 1 else recounts
            newest, by_hash = self.policies.newest, self.policies.by_hash
            return [
                *audit_everything(self._broker.bootstrap, recounts, newest, by_hash),
                compare_once("clean ends after SIGTERM", [0] * len(exits), exits),
                self._verify(),
            ]

    def site(self) -> Site:
        """Return the installation, under its newest policy."""
        return Site(self._broker.bootstrap, self._folder, self._app_id, self.policies.path)

    def _verify(self) -> Finding:
        """Recompute what was published since the topic was created again, from the published events."""
        done = self.site().command("replay", "verify", "--published", "--json", timeout_s=_VERIFY_S)
        n_equal = json.loads(done.stdout)["n_equal"] if done.returncode == 0 else 0
        first = "" if n_equal else done.stdout + done.stderr
        return Finding("records verified by replay", n_equal, n_equal, first=first)

    def _environ(self, folder: Path) -> Mapping[str, str]:
        return {
            "FAIRSTREAM_KAFKA": self._broker.bootstrap,
            "FAIRSTREAM_POLICY": str(self.policies.path),
            "FAIRSTREAM_STATE": str(folder),
            "FAIRSTREAM_APP_ID": self._app_id,
            "FAIRSTREAM_SESSION_TIMEOUT_S": str(self.plan.session_s),
            "FAIRSTREAM_FLUSH_S": str(self.plan.flush_s),
            "FAIRSTREAM_METRICS_PORT": "0",
            **self._clock.environ,
        }

    def _specs(self) -> list[TopicSpec]:
        """Return the declared topics; results without compaction, so that a duplicate would stay visible."""
        specs = declared_topics(self._policy, self._app_id, partitions=self.plan.n_partitions)
        return [
            msgspec.structs.replace(spec, config=spec.config | {"cleanup.policy": "delete"})
            if spec.name == FAIRNESS_RESULTS
            else spec
            for spec in specs
        ]

    def _disturb(self) -> None:
        """Send the input and do everything that the schedule says, at its time."""
        plan = self.plan
        if plan.n_clock_jumps and not self._clock.is_there:
            self._note(f"no clock jumps: {MISSING}")
            plan = replace(plan, n_clock_jumps=0)
        with ThreadPoolExecutor(1, "sending") as pool:  # whatever stops it, stops the run
            sending = pool.submit(self._send)
            self._act_in_time(plan)
            sending.result()
        for thread in self._threads:
            thread.join()
        self._note(f"sent {self.story.sent.n_sent} events in {self.story.sent.seconds:.0f} s")

    def _act_in_time(self, plan: Plan) -> None:
        started = time.monotonic()
        for disturbance in draw_schedule(plan):
            time.sleep(max(0.0, started + disturbance.at_s - time.monotonic()))
            self._act(disturbance)

    def _send(self) -> None:
        """Send the input in equal shares, with a change of the topic after each but the last."""
        changes = self.plan.topic_changes
        n_left = self.plan.n_events - self.plan.n_afterwards
        n_share = n_left // (len(changes) + 1)
        for change in changes:
            self._publish(islice(self._events, n_share))
            n_left -= n_share
            with self._broker_lock:
                self._change_topic(change)
        self._publish(islice(self._events, n_left) if self.plan.n_afterwards else self._events)

    def _publish(self, events: Iterator[Event]) -> None:
        """Send events; the broker may be away at the start too."""
        deadline = time.monotonic() + _GIVE_UP_S
        while True:
            try:
                sent = publish(events, self._destination, rate=self.plan.rate)
            except (BrokerUnavailableError, TopicError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(1.0)
            else:
                break
        self.story.sent.n_sent += sent.n_sent
        self.story.sent.seconds += sent.seconds

    def _change_topic(self, change: TopicChange) -> None:
        kafka, raw = self._broker.bootstrap, self._specs()[0]
        if change == "add partition":
            grow(kafka, raw.name, 1 + count_existing(kafka, [raw.name])[raw.name])
        else:
            self._former.append(re_create(kafka, self._app_id, self._model, raw))
        self.story.done[change] += 1
        self._note(change)

    def _act(self, disturbance: Disturbance) -> None:
        kind = disturbance.kind
        match kind:
            case "kill worker":
                self._crew.kill_one(self._draws)
            case "freeze worker":
                self._crew.freeze_one(self._draws, disturbance.lasts_s)
            case "add worker":
                self._crew.add()
            case "kill broker":
                self._in_background(self._restart_broker, disturbance.lasts_s)
            case "remove worker":
                self._in_background(self._crew.remove_one, self._draws)
            case "change policy":
                self.policies.grow(self._folder)
                self._in_background(self._crew.update, self._environ(self._folder))
            case "jump clock":
                self._in_background(self._clock.jump, self._draws, disturbance.lasts_s)
        self.story.done[kind] += 1
        self._note(f"{kind}{f' for {disturbance.lasts_s:.1f} s' if disturbance.lasts_s else ''}")

    def _in_background(self, act: Callable[..., object], *args: object) -> None:
        thread = threading.Thread(target=act, args=args)
        thread.start()
        self._threads.append(thread)

    def _restart_broker(self, away_s: float) -> None:
        with self._broker_lock:
            self._broker.kill()
            time.sleep(away_s)
            self._start_broker()

    def _start_broker(self) -> None:
        for attempt in range(1, _BROKER_TRIES + 1):
            try:
                self._broker.start()
            except BrokerUnavailableError:
                if attempt == _BROKER_TRIES:
                    raise
            else:
                return

    def _settle(self) -> dict[int, Recount]:
        """Wait until everything is counted and every window has closed; return the recount."""
        recounts = self._recount()
        self._wait_until_settled(recounts)
        return recounts

    def _recount(self) -> dict[int, Recount]:
        logs = [*self._former, read_raw(self._broker.bootstrap, self._model["topic"])]
        partitions = sorted({partition for log in logs for partition in log})
        in_force = self._in_force()
        recounts = {
            p: recount_logs([log[p] for log in logs if p in log], self._model, in_force.get(p, ())) for p in partitions
        }
        dispositions = {disposition: sum(len(getattr(counts, disposition)) for counts in recounts.values())
                 for disposition in ("counted", "rejected", "late", "duplicates")}  # fmt: skip
        self._note(f"recounted the raw log: {dispositions}")
        return recounts

    def _in_force(self) -> dict[int, list[InForce]]:
        if len(self.policies.texts) == 1:
            return {}
        return self.policies.in_force(read_partials(self._broker.bootstrap, FAIRNESS_PARTIALS, self._model["name"]))

    def _wait_until_settled(self, recounts: Mapping[int, Recount]) -> None:
        """Wait until the last totals contain every counted event; then every window has closed."""
        n_counted, n_attributes = sum(len(c.counted) for c in recounts.values()), len(self._model["attributes"])
        model, models = self.policies.newest, self.policies.by_hash.values()
        windows = sum_windows(recounts.values(), model)
        windows.pop(("total", 0), None)
        started = time.monotonic()
        while time.monotonic() - started < _SETTLE_S:
            results = list(read_json(self._broker.bootstrap, FAIRNESS_RESULTS))
            totals = {r["attribute"]: r["n"] for r in results if r["window"] == "total"}
            closed = {(r["window"], r["start_s"]) for r in results if r["window"] != "total"}
            if list(totals.values()) == [n_counted] * n_attributes and begun(windows, results, models).keys() <= closed:
                break
            time.sleep(1.0)
        self.story.settled_s = time.monotonic() - started
        self._note(f"settled after {self.story.settled_s:.0f} s")
