"""``replay export-records`` against topics that a real worker wrote: every byte, the audit, and no file otherwise."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stream_app.programs.audit.places import create_log
from stream_app.settings import Settings
from tests.programs.chaos.logs import read_json, read_topic
from tests.support.audit_logs import entries_of
from tests.support.servers.replay_stage import judged_site, live_results
from tests.support.servers.sites import Site

pytestmark = pytest.mark.timeout(900)

REASON = "complaint 12, asked for by the ombudsman"
AGREED = ("--unsafe-records", "--reason", REASON)


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("replay-records")
    create_log(Settings(state_dir=str(folder)), "tests/audit")
    return judged_site(kafka, folder, f"it-{folder.name}-{folder.stat().st_ino}")


@pytest.fixture(scope="module")
def permitting(site: Site) -> Path:
    """The site's policy, with the permission, and the topic that it needs then."""
    path = site.folder / "permitting.toml"
    text = site.policy_file.read_text("utf-8")
    path.write_text(text + '\n[models.privacy]\nexportable_records = "raw"\n', "utf-8")
    made = site.command("topics", "create", "--policy", str(path))
    assert made.returncode == 0, made.stderr
    return path


@pytest.fixture(scope="module")
def time_range(site: Site) -> tuple[int, int]:
    """Two minutes in the middle, cut where no pane ends."""
    start_s = min(result["start_s"] for result in live_results(site) if result["window"] == "total")
    return start_s + 63, start_s + 181


def export(
    site: Site, time_range: tuple[int, int], *arguments: str | Path, code: int = 0
) -> subprocess.CompletedProcess[str]:
    times = ("--from", str(time_range[0]), "--to", str(time_range[1]))
    done = site.command("replay", "export-records", "--json", *times, *map(str, arguments))
    assert done.returncode == code, done.stdout + done.stderr
    return done


def is_in(time_range: tuple[int, int], value: bytes) -> bool:
    return time_range[0] <= datetime.fromisoformat(json.loads(value)["ts"]).timestamp() < time_range[1]


def line_of(message: Any) -> bytes:
    place = b'{"partition":%d,"offset":%d,"timestamp_ms":%d,"record":'
    envelope = place % (message.partition(), message.offset(), message.timestamp()[1])
    value: bytes = message.value()
    return envelope + value + b"}\n"


def in_order(messages: Iterable[Any]) -> list[Any]:
    return sorted(messages, key=lambda message: (message.partition(), message.offset()))


def audit_of(site: Site, export_id: str) -> list[dict[str, Any]]:
    """Return the entries of an export in the topic; the audit log has their facts and their hashes."""
    lines = [message.value() for message in read_topic(site.kafka, "fairness-audit")]
    in_topic = [line for line in lines if json.loads(line)["export"] == export_id]
    found = entries_of(site.folder, "export-begun", "export-ended")
    in_log = [entry for entry in found if entry.data["export"] == export_id]
    for entry, line in zip(in_log, in_topic, strict=True):
        facts = {**entry.data, "event": entry.type}
        assert facts.pop("sha256_record") == hashlib.sha256(line).hexdigest()
        assert facts.pop("code_version")
        assert facts.items() <= json.loads(line).items()
    return [json.loads(line) for line in in_topic]


def test_published_events_are_exported_byte_for_byte_and_both_audits_record_it(
    site: Site, permitting: Path, time_range: tuple[int, int], tmp_path: Path
) -> None:
    topic, path = site.models[0]["output_topic"], tmp_path / "events.jsonl"
    done = export(site, time_range, "--policy", permitting, "--out", path, *AGREED)
    summary = json.loads(done.stdout)
    expected = [message for message in in_order(read_topic(site.kafka, topic)) if is_in(time_range, message.value())]
    assert len(expected) > 3000
    assert path.read_bytes() == b"".join(map(line_of, expected))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    progress = json.loads(done.stderr.splitlines()[-1])
    assert (progress["progress"], progress["n_done"]) == ("exporting", summary["n_read"])

    begun, ended = audit_of(site, summary["export"])
    assert (begun["event"], begun["reason"], begun["records"]) == ("export-begun", REASON, "pseudonymized")
    assert (begun["model"], begun["topic"], begun["file"]) == (site.models[0]["name"], topic, str(path))
    assert (begun["by"]["user"], begun["by"]["uid"]) == (pwd.getpwuid(os.getuid()).pw_name, os.getuid())
    assert (begun["from_s"], begun["to_s"]) == time_range
    assert begun["policy_hash"] in site.command("policy", "check", str(permitting)).stdout
    assert begun["policy_hash"] != site.policy.hash()
    assert (ended["event"], ended["outcome"], ended["n_records"]) == ("export-ended", "done", len(expected))
    assert ended["sha256"] == summary["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    for partition, part in ended["by_partition"].items():
        offsets = [message.offset() for message in expected if message.partition() == int(partition)]
        assert (part["n"], part["first_offset"], part["last_offset"]) == (len(offsets), offsets[0], offsets[-1])
        assert begun["offsets"][partition][0] <= offsets[0] <= offsets[-1] < begun["offsets"][partition][1]


def test_raw_records_are_all_of_the_range_except_dead_letters(
    site: Site, permitting: Path, time_range: tuple[int, int], tmp_path: Path
) -> None:
    topic, path = site.models[0]["topic"], tmp_path / "raw.jsonl"
    rejected = {
        (letter["partition"], letter["offset"])
        for letter in read_json(site.kafka, "dead-letters", site.app_id)
        if letter["topic"] == topic
    }
    assert rejected
    good = [
        message
        for message in in_order(read_topic(site.kafka, topic))
        if (message.partition(), message.offset()) not in rejected
    ]
    expected = [message for message in good if is_in(time_range, message.value())]
    summary = json.loads(
        export(site, time_range, "--policy", permitting, "--from-raw", "--unsafe-raw", "--out", path, *AGREED).stdout
    )
    assert path.read_bytes() == b"".join(map(line_of, expected))
    assert summary["n_rejected"] == len(rejected)
    [begun, _] = audit_of(site, summary["export"])
    assert (begun["records"], begun["topic"]) == ("raw", topic)
    published = sum(
        is_in(time_range, message.value()) for message in read_topic(site.kafka, site.models[0]["output_topic"])
    )
    assert len(expected) > published  # late and duplicate ones are in the raw log only


def test_tables_contain_the_same_records(
    site: Site, permitting: Path, time_range: tuple[int, int], tmp_path: Path
) -> None:
    common = ("--policy", permitting, *AGREED, "--out")
    said = site.command(
        "replay", "export-records", "--from", str(time_range[0]), "--to", str(time_range[1]),
        *map(str, common), str(tmp_path / "out.jsonl"),
    )  # fmt: skip
    digest = hashlib.sha256((tmp_path / "out.jsonl").read_bytes()).hexdigest()
    text = " ".join(said.stdout.split())
    assert f"pseudonymized records of {site.models[0]['output_topic']} in {tmp_path / 'out.jsonl'}" in text
    assert (f"SHA-256 {digest}; in the audit as " in text, said.stderr) == (True, "")
    export(site, time_range, *common, tmp_path / "out.csv", "--format", "csv")
    records = [json.loads(line)["record"] for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"), newline="")))
    assert [row["record.applicant_id"] for row in rows] == [record["applicant_id"] for record in records]
    assert [float(row["record.credit_score"]) for row in rows] == [record["credit_score"] for record in records]
    parquet = pytest.importorskip("pyarrow.parquet")
    export(site, time_range, *common, tmp_path / "out.parquet", "--format", "parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert [json.loads(value) for value in table.column("record").to_pylist()] == records
    assert table.column("record.approved").to_pylist() == [record["approved"] for record in records]


def test_without_permission_flags_or_audit_nothing_is_written(
    site: Site, permitting: Path, time_range: tuple[int, int], tmp_path: Path
) -> None:
    out, before = tmp_path / "out.jsonl", entries_of(site.folder)
    rejections: list[tuple[int, str, tuple[str | Path, ...]]] = [
        (2, "The policy permits no export", (*AGREED,)),
        (2, "--unsafe-records", ("--policy", permitting, "--reason", REASON)),
        (2, "--unsafe-raw", ("--policy", permitting, "--from-raw", *AGREED)),
        (2, "Give --reason", ("--policy", permitting, "--unsafe-records")),
        (2, "fairstream audit init", ("--policy", permitting, "--state-dir", site.folder / "none", *AGREED)),
    ]
    for code, words, arguments in rejections:
        done = export(site, time_range, "--out", out, *arguments, code=code)
        assert words in done.stderr
        assert (done.stdout, len(done.stderr.splitlines())) == ("", 1)
    assert list(tmp_path.iterdir()) == []
    assert entries_of(site.folder) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_export_that_is_interrupted_leaves_no_file_and_is_in_the_audit(
    site: Site, permitting: Path, time_range: tuple[int, int], tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out.jsonl"
    command = [
        sys.executable, "-m", "stream_app", "replay", "export-records", "--json", "--rate", "500", "--out", str(out),
        "--policy", str(permitting), "--from", str(time_range[0]), "--to", str(time_range[1]), *AGREED,
    ]  # fmt: skip
    environ = {**os.environ, **site.environ}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        assert "progress" in child.stderr.readline()
        [part] = tmp_path.iterdir()
        child.send_signal(number)
        child.communicate(timeout=300)
    assert child.returncode == 130
    assert list(tmp_path.iterdir()) == []
    export_id = part.name.removeprefix(".out.jsonl.").removesuffix(".part")
    begun, ended = audit_of(site, export_id)
    assert (begun["event"], ended["outcome"], ended["error"]) == ("export-begun", "abandoned", "KeyboardInterrupt")
