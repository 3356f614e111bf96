"""An operator who writes the raw topic again, and lets real workers compute every later topic from it.

The new history agrees with itself: ``replay verify`` finds nothing, and a log that is recorded again and signed with
the key of the operator is right by itself. One old checkpoint shows it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from producers.event import Event
from producers.publish import Destination, publish
from stream_app.cli.exits import Exit
from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.deployment import open_deployment
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.topics import declared_topics
from tests.programs.chaos.disturbed import disturbed_events
from tests.programs.chaos.schedule import Plan
from tests.support.servers.replay_stage import is_settled
from tests.support.servers.sites import Site, open_site

_APP_ID = "rewritten"
_N_PARTITIONS = 2


def rewrite_everything(folder: Path, n_events: int, note: Callable[[str], None]) -> list[str]:
    """Rewrite a history as a whole; return what was not found.

    Args:
        folder: For the broker and the logs.
        n_events: Decisions in the raw topic.
        note: Called with each step.
    """
    (folder / "site").mkdir(parents=True)
    with LocalKafka(folder / "kafka", heap_mb=512, start_timeout_s=300.0) as broker:
        site = open_site(broker.bootstrap, folder / "site", _APP_ID, "loans", n_partitions=_N_PARTITIONS)
        run = Attack(site, folder / "auditor")
        events = list(disturbed_events(Plan(seed=7, n_events=n_events, rate=1e9, event_rate=25.0)))
        run.live(events)
        note("a worker has judged the decisions")
        run.key = run.audit("init", "--origin", "tests/audit").stdout.strip()
        run.audit("record")
        checkpoint = folder / "checkpoint.txt"
        checkpoint.write_text(run.audit("anchor").stdout)
        note(f"the log has its commitments; a checkpoint of {checkpoint.stat().st_size} bytes is kept")

        run.remove_topics()
        run.live([event._replace(value=turned(event.value)) for event in events])
        note("a worker has judged other decisions, in new topics with the same names")
        faults = [] if run.is_consistent() else ["the rewritten history does not agree with itself"]
        for what, code in [
            ("verify", Exit.OK),  # the log is as it was
            ("verify --records", Exit.FAILED),
            (f"verify --from {checkpoint}", Exit.OK),
        ]:
            faults += run.faults_of(what, code)
        run.record_again()
        for what, code in [
            ("verify", Exit.OK),  # by itself
            ("verify --records", Exit.OK),
            (f"verify --from {checkpoint}", Exit.FAILED),
        ]:
            faults += run.faults_of(what, code)
    return faults


def turned(value: bytes) -> bytes:
    """Return a decision that is denied where a woman was approved."""
    if b'"female"' not in value:
        return value
    return value.replace(b'"approved":true', b'"approved":false').replace(b'"approved": true', b'"approved": false')


class Attack:
    """The commands of an operator who has every right.

    Args:
        site: The installation.
        auditor: State folder with the audit log.

    Attributes:
        key: Verifier key of the log.
    """

    def __init__(self, site: Site, auditor: Path) -> None:
        self.key = ""
        self._site, self._auditor = site, auditor

    def live(self, events: Sequence[Event]) -> None:
        """Send decisions to a worker, and wait until it has judged them."""
        site = self._site
        with site.worker() as worker:
            publish(events, Destination(site.kafka, site.models[0]["topic"]))
            site.wait_until("all is counted and closed", lambda: is_settled(site))
            assert worker.stop() == 0

    def remove_topics(self) -> None:
        """Delete every topic of the deployment, and create it again."""
        specs = declared_topics(self._site.policy, _APP_ID, partitions=_N_PARTITIONS)
        with open_deployment(self._site.kafka) as deployment:
            for spec in specs:
                deployment.delete_topic(spec.name)
            names = {spec.name for spec in specs}
            self._site.wait_until("the topics are gone", lambda: names.isdisjoint(deployment.topics()))
        create_topics(self._site.kafka, specs)

    def is_consistent(self) -> bool:
        """Return whether a replay recomputes everything that was published."""
        done = self._site.command("replay", "verify", "--json")
        return done.returncode == 0 and json.loads(done.stdout)["is_equal"] is True

    def record_again(self) -> None:
        """Write a new log about the new topics, signed with the key of the old one."""
        shutil.rmtree(self._auditor / "audit")
        self.audit("record")
        self.audit("anchor")

    def audit(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the audit log."""
        return self._site.command("audit", *words, "--state-dir", str(self._auditor))

    def faults_of(self, what: str, code: int) -> list[str]:
        """Run a verification; return what is wrong if it ends with another code."""
        done = self.audit(*what.split(), "--vkey", self.key)
        return [] if done.returncode == code else [f"{what} ends with {done.returncode}: {done.stdout}{done.stderr}"]
