"""Erasure: pseudonyms under every key, no identifier anywhere, and no event that names the person from then on."""

from __future__ import annotations

import resource
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from stream_app.cli import app, load_commands
from stream_app.core.privacy.pseudonym import Pseudonymizer
from stream_app.edges.files.installation import owned_paths
from stream_app.edges.files.key_file import add_key, create_key_file, key_file_path, load_keys
from stream_app.edges.keys.key_source import FileKeys
from stream_app.edges.keys.sealing_file import SealingFile
from stream_app.edges.keys.suppression_file import SuppressionFile
from stream_app.errors import ConfigError, DamagedLogError, KeyFileError
from stream_app.pipeline.replay.export.selection import SelectedRecords, leave_out
from stream_app.programs.audit.places import create_log
from stream_app.programs.worker.key_watch import WorkerKeys
from stream_app.settings import Settings
from tests.support.audit_logs import entries_of
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode, loan


@pytest.fixture
def state(tmp_path: Path) -> Path:
    create_key_file(key_file_path(tmp_path))
    add_key(key_file_path(tmp_path), NOW_S)
    create_log(Settings(state_dir=str(tmp_path)), "tests/audit")
    return tmp_path


def erase(state: Path, text: str | bytes, *flags: str) -> str:
    load_commands()
    arguments = ["subject", "erase", "--link-domain", "applicant", "--state-dir", str(state), *flags]
    result = CliRunner().invoke(app, arguments, input=text, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_people_are_suppressed_under_every_key_and_audited_as_a_count(state: Path) -> None:
    shown = erase(state, "CANARY-1\n\n CANARY-2 \r\nCANARY-1\n", "--json")
    file = SuppressionFile(state)
    expected = Pseudonymizer(load_keys(key_file_path(state)), "applicant", "text").all_pseudonyms(
        [b"CANARY-1", b"CANARY-2"]
    )
    assert file.load() == {name for of_epoch in expected for name in of_epoch}
    assert len(file.load()) == 4
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    [entry] = entries_of(state, "subjects-erased")
    assert (entry.data["n_subjects"], entry.data["n_epochs"]) == (2, 2)
    everything = shown.encode() + b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert b"CANARY" not in everything
    assert not any(name.encode() in everything.replace(file.path.read_bytes(), b"") for name in file.load())
    erase(state, "CANARY-3\n")
    assert len(file.load()) == 6
    file.path.chmod(0o644)
    with pytest.raises(KeyFileError, match="can be read by others"):
        file.load()


def test_without_an_audit_log_or_with_a_damaged_one_nobody_is_erased(state: Path) -> None:
    erase(state, "P-1\n")
    erased = SuppressionFile(state).load()
    [segment] = (state / "audit").glob("date=*/seg-*")
    segment.write_bytes(segment.read_bytes().replace(b"applicant", b"borrowers"))
    with pytest.raises(DamagedLogError):
        erase(state, "P-2\n")
    (state / "keys" / "audit-signing-key").unlink()
    with pytest.raises(ConfigError, match="fairstream audit init"):
        erase(state, "P-2\n")
    assert SuppressionFile(state).load() == erased


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no identifier"),
        (b"good\nCANARY\x00\n", "Line 2"),
        (b"CANARY\xff\n", "Line 1"),
        (b"CANARY" * 1000, "Line 1"),
        (b"hm1.abcdefgh." + b"A" * 22, "Line 1"),
    ],
)
def test_input_that_is_no_identifier_erases_nobody_and_is_not_repeated(state: Path, text: bytes, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        erase(state, text)
    assert "CANARY" not in str(raised.value)
    assert SuppressionFile(state).load() == frozenset()


def test_a_line_without_end_takes_little_memory_and_erases_nobody(state: Path) -> None:
    command = [sys.executable, "-m", "stream_app", "subject", "erase", "--link-domain", "applicant"]
    with Path("/dev/zero").open("rb") as endless:
        outcome = subprocess.run(
            [*command, "--state-dir", str(state)],
            stdin=endless,
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30)),
            check=False,
        )
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (2, 1)
    assert "Line 1 of standard input is not an identifier" in outcome.stderr
    assert SuppressionFile(state).load() == frozenset()


def test_an_unknown_link_domain_lists_the_known_ones(state: Path) -> None:
    load_commands()
    with pytest.raises(ConfigError, match=r"Known: .*applicant"):
        CliRunner().invoke(
            app,
            ["subject", "erase", "--link-domain", "x", "--state-dir", str(state)],
            input="a",
            catch_exceptions=False,
        )


def test_a_running_worker_notices_an_erasure(state: Path) -> None:
    keys = WorkerKeys(FileKeys(str(state)), SuppressionFile(state))
    assert (keys.look(), keys.suppressed) == ("", frozenset())
    erase(state, "P-1\n")
    assert keys.look().endswith("suppressed=2")
    assert keys.suppressed == SuppressionFile(state).load()
    assert keys.look() == ""


def test_events_of_an_erased_person_are_counted_and_published_under_names_that_nothing_else_has() -> None:
    records = [encode(loan(application_id=f"A-{n}", applicant_id=f"P-{n % 2}")) for n in range(6)]
    before = IngestLane()
    before.feed(records)
    erased = before.events[0]["applicant_id"]
    lane, again = (IngestLane(suppressed=frozenset([erased])) for _ in range(2))
    for each in (lane, again):
        each.feed(records)
        each.flush()
    before.flush()
    assert lane.n_counted == before.n_counted == 6
    assert lane.events == again.events
    names = [name for event in lane.events for name in (event["applicant_id"], event["application_id"])]
    own = [event for event, former in zip(lane.events, before.events, strict=True) if former["applicant_id"] == erased]
    assert erased not in names
    assert len({name for event in own for name in (event["applicant_id"], event["application_id"])}) == 2 * len(own)
    others = [former for former in before.events if former["applicant_id"] != erased]
    assert [event for event in lane.events if event not in own] == others
    assert [key for key, _ in lane.written["loan-decisions"]] == [e["application_id"].encode() for e in lane.events]


def test_an_export_leaves_out_events_that_name_an_erased_person() -> None:
    lane = IngestLane()
    lane.feed([encode(loan(application_id=f"A-{n}", applicant_id=f"P-{n % 2}")) for n in range(4)])
    values = [value or b"" for _, value in lane.written["loan-decisions"]]
    selected = SelectedRecords(0, [0, 1, 2, 3], np.arange(4).tolist(), values)
    assert leave_out(selected, frozenset()) is selected
    kept = leave_out(selected, frozenset([lane.events[0]["applicant_id"]]))
    assert (kept.offsets, kept.values) == ([1, 3], [values[1], values[3]])


def test_an_uninstallation_knows_every_file_of_keys(state: Path) -> None:
    SealingFile(state).create()
    erase(state, "P-1\n")
    owned = [part.path.name for part in owned_paths(state) if part.kind == "keys"]
    assert owned == ["pseudonym-keys.json", "sealing-keys.json", "suppressed.json"]
