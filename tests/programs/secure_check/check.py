"""Producer, two workers of which one is killed, web and auditor, each as its own user of a secured Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from producers.publish import Destination, publish
from producers.simulated.drift import parse_drift
from producers.simulated.loans import simulate_loans
from producers.timeline import live_timeline
from stream_app.access import Right, default_principal, rights_of
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.host.processes import BoundProcess
from stream_app.settings import connection_environ
from stream_app.topics import FAIRNESS_ALERTS, UserRole
from tests.programs.chaos.logs import read_json, wait_until_decided
from tests.programs.secure_check.served import faults_of_pages
from tests.support.paths import ROOT
from tests.support.servers.replay_stage import is_settled
from tests.support.servers.secured.kafka import SecuredKafka
from tests.support.servers.secured.users import open_users, password_of, without
from tests.support.servers.sites import Site, open_site

_DENIED = "Kafka denies"
_SENT_S = 118.0  # event time of what is sent at once: to just before the end of a window, which then closes soon
# What each role tries and must not be able to do, as words and as arguments of a command.
_FORBIDDEN: dict[UserRole, dict[str, tuple[str, ...]]] = {
    "worker": {"audit": ("replay", "verify"), "create topics": ("topics", "create", "--wait", "0")},
    "producer": {"read results": ("results",), "work": ("worker",)},
    "auditor": {"send decisions": ("produce", "loans", "--count", "1"), "work": ("worker",)},
    "web": {"send decisions": ("produce", "loans", "--count", "1"), "audit": ("replay", "verify")},
}


@dataclass
class RoleReport:
    """What a user in a role could and could not do.

    Attributes:
        role: The role.
        did: Parts of its job that worked.
        denied: Attempts that Kafka denied, as it should.
        faults: What was not as it should be.
    """

    role: UserRole
    did: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        faults = f"; WRONG: {' | '.join(self.faults)}" if self.faults else ""
        return f"{self.role:<9}could: {', '.join(self.did)}; could not: {', '.join(self.denied)}{faults}"


class SecureCheck:
    """An installation on a secured Kafka.

    Args:
        kafka: The broker.
        folder: For keys and logs.
        app_id: Names topics, groups and users' rights.
        n_events: How many decisions are sent.
        note: Called with a line at each step.
    """

    def __init__(
        self, kafka: SecuredKafka, folder: Path, app_id: str, n_events: int, note: Callable[[str], object]
    ) -> None:
        self.kafka = kafka
        self.site = self._open_site(folder, app_id)
        self.users = open_users(kafka, self.site.policy, app_id)
        self.reports: dict[UserRole, RoleReport] = {role: RoleReport(role) for role in self.users}
        self._n_events = n_events
        self._note = note

    def run(self) -> list[RoleReport]:
        """Do the job of every role, then try what each must not do; return one report for each."""
        self.count_and_judge(rotate_password=True)
        self._read_and_audit()
        for role, attempts in _FORBIDDEN.items():
            for what, command in attempts.items():
                self._expect_denial(role, what, command)
        for role in self.users:
            self._take_one_right(role)
        return list(self.reports.values())

    def command(self, role: UserRole, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the user of a role."""
        return subprocess.run(
            [sys.executable, "-m", "stream_app", *arguments],
            env=self._environ(self.users[role]),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=ROOT,
        )

    @contextmanager
    def worker(self, name: str) -> Iterator[BoundProcess]:
        """Run a worker as the user of its role."""
        command = [sys.executable, "-m", "stream_app", "worker"]
        log = self.site.folder / f"{name}.log"
        with BoundProcess(command, log, env=self._environ(self.users["worker"])) as process:
            yield process

    def _open_site(self, folder: Path, app_id: str) -> Site:
        site = open_site(self.kafka.operator, folder, app_id, "loans", n_partitions=4)
        text = site.policy_file.read_text("utf-8") + '\n[models.privacy]\nexportable_records = "pseudonymized"\n'
        site.policy_file.write_text(text, "utf-8")
        made = site.command("topics", "create")
        assert made.returncode == 0, made.stderr
        return site

    def _environ(self, connection: KafkaConnection) -> dict[str, str]:
        return connection_environ({**os.environ, **self.site.environ}, connection)

    def count_and_judge(self, *, rotate_password: bool) -> None:
        """Send decisions to two workers, kill one of them in between, and wait until all is counted and judged.

        Args:
            rotate_password: Also change the password of the workers and restart the broker, so that all connect again.
        """
        worker, producer = self.reports["worker"], self.reports["producer"]
        with self.worker("worker"), self.worker("killed") as killed:
            self._note("two workers started")
            half, model = self._n_events // 2, self.site.models[0]
            self._send(producer, half, "09:00")
            self.site.wait_until("something is counted", lambda: self._has_counted(model["output_topic"]))
            assert killed.pid is not None
            os.kill(killed.pid, signal.SIGKILL)
            self._note("one worker killed")
            if rotate_password:
                self._rotate_password()
                worker.did.append("go on with a new password")
            self._send(producer, self._n_events - half, "10:00")
            self.site.wait_until("all is counted and closed", lambda: is_settled(self.site))
        wait_until_decided(self.site.kafka, [topic.name for topic in self.site.topics()])
        self._find_leaks()
        producer.did.append(f"send {self._n_events:,} decisions")
        worker.did.append("count and judge all of them, one of two killed")
        self._note("all counted and judged")

    def _find_leaks(self) -> None:
        """Look for passwords in what the workers have logged."""
        for log in self.site.folder.glob("*.log"):
            if password_of("") in log.read_text("utf-8"):
                self.reports["worker"].faults.append(f"{log.name} contains a password")

    def _rotate_password(self) -> None:
        user = self.users["worker"].security.sasl_username or ""
        self.kafka.set_password(user, f"new-{password_of(user)}")
        self.kafka.password_file(user, f"new-{password_of(user)}")
        self.kafka.node.stop()
        self.kafka.node.start()
        self._note("password of the workers changed, broker restarted")

    def _send(self, report: RoleReport, n: int, hour: str) -> None:
        timeline = live_timeline(f"2026-11-23T{hour}:00Z", 0, count=n, rate=0.0, event_rate=n / _SENT_S)
        destination = Destination(self.users["producer"], self.site.models[0]["topic"])
        sent = publish(islice(simulate_loans(n, timeline, parse_drift("0")), n), destination)
        if sent.n_sent != n:
            report.faults.append(f"{n - sent.n_sent} decisions were not sent")

    def _has_counted(self, topic: str) -> bool:
        return next(iter(read_json(self.site.kafka, topic)), None) is not None

    def _read_and_audit(self) -> None:
        model = self.site.models[0]["name"]
        out = str(self.site.folder / "records.jsonl")
        export = ("export-records", "--out", out, "--unsafe-records", "--reason", "secure check")
        times = ("--from", "2026-11-23T09:00:00Z", "--to", "2026-11-23T11:00:00Z")
        self.expect("web", "read results", "results")
        self.expect("web", "read alerts", "alerts", "list")
        self.serve_pages()
        self.expect("auditor", "verify", "replay", "verify", "--model", model)
        self.expect("auditor", "replay", "replay", "run", "--published", "--model", model)
        self.expect("auditor", "replay raw records", "replay", "run", "--from-raw", "--model", model)
        self.expect("auditor", "create the audit log", "audit", "init")
        self.expect("auditor", "export records", "replay", *export, *times)
        self.expect("auditor", "list decisions", "audit", "decisions", "--limit", "1", "--reason", "secure check")

    def serve_pages(self) -> None:
        """Run the web application as its user; it must be able to read all that its pages show."""
        report, model = self.reports["web"], self.site.models[0]["name"]
        token = self.command("web", "web", "tokens", "create", "secure-check").stdout.strip()
        state = Path(self.site.environ["FAIRSTREAM_STATE"])
        faults = faults_of_pages(self._environ(self.users["web"]), state, token, model)
        report.faults += faults
        if not faults:
            report.did.append("serve its pages and its API")
        self._note("web: serve its pages and its API")

    def expect(self, role: UserRole, what: str, *command: str) -> None:
        """Run a command that has to work."""
        done = self.command(role, *command)
        if done.returncode:
            self.reports[role].faults.append(f"{what}: {done.stderr.strip()}")
        else:
            self.reports[role].did.append(what)
        self._note(f"{role}: {what}")

    def _expect_denial(self, role: UserRole, what: str, command: tuple[str, ...]) -> None:
        done = self.command(role, *command)
        report = self.reports[role]
        if done.returncode and _DENIED in done.stderr and "Traceback" not in done.stderr:
            report.denied.append(what)
        else:
            report.faults.append(f"{what} was not denied: {done.stdout.strip()} {done.stderr.strip()}")
        self._note(f"{role}: {what}")

    def _take_one_right(self, role: UserRole) -> None:
        """Take a right of a role away, the last one unless another is named: its job fails, and names it."""
        rights, jobs = rights_of(role, self.site.policy, self.site.app_id), _JOBS
        right = next((right for right in rights if right.name == _TAKEN.get(role)), rights[-1])
        with without(self.kafka, default_principal(role), right):
            self._expect_denial(role, f"its job without {_short(right)}", jobs[role])


_TAKEN: dict[UserRole, str] = {"web": FAIRNESS_ALERTS}
_JOBS: dict[UserRole, tuple[str, ...]] = {
    "worker": ("worker",),
    "producer": ("produce", "loans", "--count", "1"),
    "auditor": ("audit", "anchor", "--topic"),
    "web": ("alerts", "list"),
}


def _short(right: Right) -> str:
    return f"{right.operation} on its {right.kind}"
