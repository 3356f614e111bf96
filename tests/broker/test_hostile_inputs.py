"""The list of hostile inputs over a real broker and a real worker, and where each of its rows is tested.

Every row keeps the invariants: no crash, no hang, no growth, no payload in any log, metric or topic; the counter of
dead letters moves by exactly the number sent, and good events afterwards still count.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from confluent_kafka import KafkaException, Producer
from prometheus_client.parser import text_string_to_metric_families

from stream_app.edges.anomalies.fitting import fit_forest
from stream_app.edges.anomalies.reference_file import Reference, write_reference
from stream_app.topics import DEAD_LETTERS, LATE_DECISIONS
from tests.programs.chaos.logs import read_json, read_topic
from tests.support.lanes.hostile_frames import AXIS_POLICY, N_RENAMED, N_WITHOUT_EFFECT, first_frame, renaming_frames
from tests.support.lanes.hostile_records import CANARY, CASES, SCORED, SCORED_POLICY, Case, at_time, good, scored
from tests.support.lanes.ingest_lane import CAMERA, LOANS, encode, iso, loan
from tests.support.paths import ROOT
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

MAX_GROWTH_MB = 50
MAX_RECORD = 1_000_000  # of the broker
N_AGAIN, N_GROUPS, N_ODD = 1_000, 10_000, 12
TAGGED = 0.6  # the threshold of the policy

HERE = "tests/broker/test_hostile_inputs.py"
RECORDS = "tests/unit/pipeline/ingest/test_hostile.py"
# Rows that are not about one rejected record (those are in ``CASES``): where each is tested, and a word there.
ROWS: dict[int, str] = {
    2: f"{HERE}: send_odd_loans",
    14: f"{HERE}: send_too_large",
    27: f"{RECORDS}: row_27",
    29: f"{HERE}: send_odd_loans",
    33: f"{RECORDS}: row_33",
    42: f"{HERE}: send_odd_loans",
    47: f"{RECORDS}: row_47",
    48: f"{HERE}: N_AGAIN",
    50: f"{HERE}: the same",
    51: "tests/unit/pipeline/judge/test_judge.py: insufficient",
    52: "tests/unit/core/fairness/test_disparity.py: None",
    54: "deploy/prometheus/tests/pipeline_test.yml: SourceRateJump",
    56: f"{HERE}: N_GROUPS",
    57: f"{HERE}: n_series",
    58: f"{HERE}: Female ",
    60: f"{HERE}: send_renames",
    62: "tests/support/canary/records.py: plate",
    63: "tests/unit/core/inspection/test_inspection.py: object_string_of_deepstream",
    65: "tests/unit/render/test_report.py: <script",
    66: f"{HERE}: evil",
    67: "tests/unit/web_app/test_pages.py: <script",
    68: "tests/e2e/test_notification_templates.py: {{ printf .Labels }}",
    69: f"{HERE}: forged",
    70: "tests/unit/cli/test_output.py: x1b",
    71: "tests/unit/pipeline/replay/export/test_record_table.py: no_cell_of_a_table_is_taken_for_a_formula",
    73: "tests/unit/edges/files/test_writing.py: link",
    75: "tests/unit/web_app/test_hostile_requests.py: Set-Cookie",
    76: "tests/unit/web_app/test_hostile_requests.py: a_thousand_times",
    77: "tests/unit/web_app/test_hostile_requests.py: JWTS",
    79: "tests/unit/edges/notify/test_server.py: a_byte_now_and_then",
    80: "tests/unit/edges/notify/test_server.py: too_large",
    81: "tests/unit/edges/notify/test_server.py: unclear_size",
    82: "tests/unit/edges/web/test_access.py: 403",
    83: "tests/unit/edges/files/test_key_file.py: unsafe_key_file",
    84: "tests/unit/pipeline/disclosure/test_sealing.py: moved",
    85: "tests/unit/pipeline/disclosure/test_sealing.py: refused",
    86: "tests/unit/edges/audit/test_log.py: torn",
    88: "tests/unit/policy/test_mistakes.py: MISTAKES",
    89: "tests/broker/secured/test_connections.py: def test",
    90: "tests/unit/edges/anomalies/test_references.py: a pickle",
}
LISTED = frozenset(
    (
        *(1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 17, 18, 19, 20, 22, 24, 25, 26, 27, 28, 29, 31, 32, 33, 34, 35, 36),
        *(38, 39, 40, 42, 43, 44, 46, 47, 48, 50, 51, 52, 54, 56, 57, 58, 60, 62, 63, 65, 66, 67, 68, 69, 70, 71, 73),
        *(75, 76, 77, 79, 80, 81, 82, 83, 84, 85, 86, 88, 89, 90),
    )
)


def test_every_row_of_the_list_is_tested_somewhere() -> None:
    assert {case.row for case in CASES} | set(ROWS) == LISTED
    for row, place in ROWS.items():
        path, _, word = place.partition(": ")
        assert word in (ROOT / path).read_text("utf-8"), row


@pytest.fixture
def site(kafka: str, tmp_path: Path, app_id: str) -> Site:
    numbers = np.column_stack([np.linspace(0.3, 0.7, 400), np.arange(400) % 4]).astype(np.float64)
    names = ("score", "children")
    reference = Reference(
        fit_forest(numbers, n_trees=50, seed=1).forest, f"{app_id}-scored", names, len(numbers), 1, "1", "0"
    )
    digest = write_reference(tmp_path / "scored.ref", reference)
    tags = f'anomalies = {{ features = ["score", "children"], reference = "scored.ref", digest = "{digest}"'
    tags += f", threshold = {TAGGED} }}\n"
    return open_site(kafka, tmp_path, app_id, "loans", "camera", SCORED_POLICY + tags, AXIS_POLICY, n_partitions=1)


@dataclass
class Sender:
    """Sends records of three models, and knows what must become of them.

    Attributes:
        dead: Expected dead letters by raw topic and reason.
        counted: Expected counted events by model.
    """

    site: Site
    dead: Counter[tuple[str, str]] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    n: int = 0

    def __post_init__(self) -> None:
        self.producer = Producer({"bootstrap.servers": self.site.kafka, "message.max.bytes": 20_000_000})
        self.now_s = int(time.time())
        models = self.site.models
        self._topics = {str(m["name"]).removeprefix(f"{self.site.app_id}-"): str(m["topic"]) for m in models}

    def topic_of(self, model: str) -> str:
        return self._topics[model]

    def send(self, model: str, value: bytes | None) -> None:
        self.producer.produce(self.topic_of(model), value, partition=0)
        self.producer.poll(0)

    def good(self, n: int = 1) -> None:
        for model in (LOANS, CAMERA, SCORED):
            for _ in range(n):
                self.n += 1
                self.send(model.name, at_time(good(model, f"good-{self.n}"), self.now_s))
                self.counted[model.name] += 1

    def hostile(self, case: Case) -> None:
        self.send(case.model.name, at_time(case.record, self.now_s))
        self.dead[self.topic_of(case.model.name), case.reason] += 1

    def loan(self, **changes: Any) -> None:
        self.send("loans", encode(loan(**{"ts": iso(self.now_s)} | changes)))

    def flush(self) -> None:
        assert self.producer.flush(120) == 0


@dataclass
class Scrape:
    """The metrics of a worker by name, and all its text."""

    text: str

    def __post_init__(self) -> None:
        self.samples = [s for family in text_string_to_metric_families(self.text) for s in family.samples]

    def n_event_series(self) -> int:
        """Return the number of series about records; those about windows come as windows close."""
        return sum(sample.name.endswith("_total") and "alert" not in sample.name for sample in self.samples)

    def by(self, name: str, *labels: str) -> dict[Any, float]:
        rows = [s for s in self.samples if s.name == f"fairstream_{name}_total"]
        found = {tuple(row.labels[label] for label in labels): row.value for row in rows}
        return {key[0] if len(key) == 1 else key: value for key, value in found.items() if value}


def scrape(site: Site) -> Scrape:
    log = site.log_path.read_text("utf-8").replace("\n", "")
    port = log.partition("http://127.0.0.1:")[2].partition("/")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120) as answer:
        return Scrape(answer.read().decode())


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def test_the_listed_records_over_a_real_broker(site: Site) -> None:
    sender = Sender(site)
    n_loans = f"{site.app_id}-loans"
    with site.worker(FAIRSTREAM_LOG_LEVEL="debug") as worker:
        sender.good(100)
        sender.send("axis-v1", first_frame(sender.now_s))
        sender.counted["axis-v1"] += 1
        sender.flush()
        wait_until_counted(site, sender)
        before_mb, n_series = resident_mb(worker.pid), scrape(site).n_event_series()
        for case in CASES:
            if len(case.record) < MAX_RECORD:
                sender.hostile(case)
                sender.good()
        sender.flush()
        wait_until_counted(site, sender)
        after = scrape(site)
        assert resident_mb(worker.pid) < before_mb + MAX_GROWTH_MB
        assert after.n_event_series() == n_series

        for number in range(N_ODD):
            odd = scored(case=f"odd-{number}", score=1.0, person={"mail": "a@b", "sex": "f", "children": 29})
            sender.send("scored", at_time(encode(odd), sender.now_s))
        sender.counted["scored"] += N_ODD
        send_odd_loans(sender)
        send_renames(sender)
        sender.good()
        sender.flush()
        sender.counted["loans"] += 1 + N_AGAIN + 500 + 3 + N_GROUPS
        sender.dead[sender.topic_of("loans"), "conflict"] += 2
        wait_until_counted(site, sender)
        expected = {
            "duplicates": {n_loans: N_AGAIN + 1, f"{site.app_id}-axis-v1": N_RENAMED - 1},
            "conflicts": {n_loans: 2},
            "anomalies": {(f"{site.app_id}-scored", "favorable"): N_ODD},
            "late_events": {n_loans: 1},
            "label_overflow": {(n_loans, "race"): N_GROUPS},
        }
        more = {"anomalies": ["outcome"], "label_overflow": ["label"]}
        wait_until_shown(site, lambda shown: {n: shown.by(n, "model", *more.get(n, ())) for n in expected}, expected)
        dropped = (sender.topic_of("axis-v1"), "rename")
        wait_until_shown(site, lambda shown: shown.by("fields_dropped", "topic", "path").get(dropped), N_WITHOUT_EFFECT)
        last = scrape(site)
        assert last.n_event_series() == n_series
        assert resident_mb(worker.pid) < before_mb + MAX_GROWTH_MB
        with pytest.raises(KafkaException, match="MSG_SIZE_TOO_LARGE"):
            send_too_large(sender)
        assert worker.stop() == 0
    check_that_nothing_leaked(site, last.text)


def send_odd_loans(sender: Sender) -> None:
    """Send records that are counted, late, duplicates or conflicts: rows 2, 29, 42, 48, 50, 56, 57, 58 and 69."""
    sender.send("loans", None)
    sender.loan(application_id="late", ts=iso(sender.now_s - 8 * 86_400))
    sender.loan(application_id="first")
    for approved in (True, False, False):
        sender.loan(application_id="first", approved=approved)
    for _ in range(2):
        for number in range(N_AGAIN):
            sender.loan(application_id=f"again-{number}", region=f"a\r\n2026-11-23 CRITICAL {CANARY[:4]} forged")
    for number in range(500):
        sender.loan(application_id=f"one-{number}", applicant_id="the same")
    for number, gender in enumerate((None, "ＦＥＭＡＬＥ", "Female ")):
        sender.loan(application_id=f"spelled-{number}", gender=gender)
    for number in range(N_GROUPS):
        sender.loan(application_id=f"group-{number}", race=f'race {number} \x1b]0;F"}} 1\nevil{{a="b')


def send_renames(sender: Sender) -> None:
    """Send what a camera may say about its tracks, row 60: all of them are one object, though each counted first."""
    for frame in renaming_frames(sender.now_s):
        sender.send("axis-v1", frame)
    sender.counted["axis-v1"] += N_RENAMED
    sender.dead[sender.topic_of("axis-v1"), "cardinality"] += 1


def send_too_large(sender: Sender) -> None:
    failures: list[Any] = []
    sender.producer.produce(
        sender.topic_of("loans"), b"x" * 10_000_000, partition=0, on_delivery=lambda error, _: failures.append(error)
    )
    sender.producer.flush(120)
    raise KafkaException(failures[0])


def wait_until_counted(site: Site, sender: Sender) -> None:
    """Wait until what was sent is counted, and what is bad among it rejected: the last records may be bad ones."""

    def counted(shown: Scrape) -> dict[str, int]:
        total: Counter[str] = Counter()
        for (model, _), n in shown.by("decisions", "model", "outcome").items():
            total[model.removeprefix(f"{site.app_id}-")] += int(n)
        return dict(total)

    wait_until_shown(site, counted, dict(sender.counted))
    wait_until_shown(site, lambda shown: shown.by("dead_letters", "topic", "reason"), dict(sender.dead))


def wait_until_shown(site: Site, value_of: Callable[[Scrape], object], expected: object) -> None:
    """Wait until the metrics have exactly a value."""

    def is_shown() -> bool:
        try:
            return value_of(scrape(site)) == expected
        except (OSError, ValueError):  # the endpoint is not there yet
            return False

    site.wait_until(f"the metrics show {expected}", is_shown)


def check_that_nothing_leaked(site: Site, metrics: str) -> None:
    log = site.log_path.read_text("utf-8")
    assert CANARY not in metrics
    assert "evil" not in metrics
    assert CANARY not in log
    assert "forged" not in log
    assert "\x1b" not in log
    for topic in (DEAD_LETTERS, LATE_DECISIONS, *(str(model["output_topic"]) for model in site.models)):
        for message in read_topic(site.kafka, topic):
            assert CANARY.encode() not in (message.value() or b"") + (message.key() or b""), topic
    tagged = [event["anomaly_score"] for event in read_json(site.kafka, str(site.models[2]["output_topic"]))]
    assert sum(score >= TAGGED for score in tagged) == N_ODD
    mine = {str(model["topic"]) for model in site.models}
    letters = [letter for letter in read_json(site.kafka, DEAD_LETTERS, site.app_id) if letter["topic"] in mine]
    assert all(len(json.dumps(letter)) < 500 for letter in letters)
    assert {letter["reason"] for letter in letters} >= {"conflict", "dup_key", "range", "ts_unit", "unknown_field"}
