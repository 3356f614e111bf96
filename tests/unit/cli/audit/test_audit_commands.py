"""The commands of the audit log as a person runs them, with a real witness."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.core.audit.merkle import leaf_hash
from stream_app.core.audit.notes import COSIGNATURE, SigningKey, parse_verifier_key
from stream_app.edges.audit.witness_server import Witness, WitnessServer
from stream_app.edges.audit.witness_store import WitnessStore
from stream_app.errors import DamagedLogError
from stream_app.programs.audit.events import append_event
from stream_app.settings import Settings
from tests.support.audit_logs import entries_of
from tests.support.command_results import code_of
from tests.support.paths import ROOT

WITNESS = SigningKey("witness.example/w", COSIGNATURE, b"w" * 32)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FAIRSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FAIRSTREAM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "state"


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["audit", *words], input=stdin)


def text_of(outcome: Result) -> str:
    """Return what was printed, on one line, whatever the width of the terminal is."""
    return " ".join((outcome.stdout + outcome.stderr).split())


def append(*texts: str) -> list[str]:
    return [run("append", "--type", "test", "--data", json.dumps({"text": text})).stdout.split()[1] for text in texts]


@pytest.fixture
def vkey() -> str:
    return run("init", "--origin", "example.com/audit").stdout.strip()


def test_from_the_first_entry_to_a_proof(vkey: str, tmp_path: Path) -> None:
    leaves = append("first", "second")
    assert code_of(run("verify", "--vkey", vkey)) == 0
    anchored = run("anchor")
    checkpoint = tmp_path / "checkpoint.txt"
    checkpoint.write_text(anchored.stdout)
    assert "Not anchored: set audit_anchor_dir" in text_of(anchored)
    append("third")
    verified = run("verify", "--vkey", vkey, "--from", str(checkpoint), "--json")
    assert json.loads(verified.stdout)["verdict"] == "right"

    proof = json.loads(run("prove", "1", "--with-entry").stdout)
    assert proof["leaf"] == leaves[0] == leaf_hash(proof["entry"].encode()).hex()
    assert proof["checkpoint"].startswith("example.com/audit\n4\n")
    assert "--from" not in proof["entry"]

    newer = tmp_path / "newer.txt"
    newer.write_text(run("anchor").stdout)
    consistent = run("consistency", str(checkpoint), str(newer))
    assert "CONSISTENT: 4 entries continue 3." in text_of(consistent)
    assert code_of(run("consistency", str(newer), str(checkpoint))) == 2

    assert code_of(run("verify-entry", leaves[1])) == 0
    assert code_of(run("verify-entry", "0" * 64)) == 1
    assert code_of(run("verify-entry", "0")) == 2
    found = run("query", "--type", "test", "--json")
    assert [json.loads(line)["data"]["text"] for line in found.stdout.splitlines()] == ["first", "second", "third"]
    assert "third" in text_of(run("tail", "-n", "1"))
    assert run("query", "--to", "2020-01-01T00:00:00Z").stdout == ""
    assert code_of(run("query", "--from", "yesterday")) == 2


@pytest.mark.usefixtures("vkey")
def test_the_exit_codes_of_a_verification(state: Path, tmp_path: Path) -> None:
    append("first", "second")
    checkpoint = tmp_path / "checkpoint.txt"
    checkpoint.write_text(run("anchor").stdout)
    (segment,) = (state / "audit").glob("date=*/seg-*")
    checkpoints = state / "audit" / "checkpoints.jsonl"
    good, signed = segment.read_bytes(), checkpoints.read_bytes()

    checkpoints.write_bytes(signed.splitlines(keepends=True)[0])
    assert code_of(run("verify")) == 4
    assert "newest entry is under none" in text_of(run("verify"))
    segment.write_bytes(b"".join(good.splitlines(keepends=True)[:2]))
    assert code_of(run("verify")) == 0  # nothing here shows that the end is gone
    cut = run("verify", "--from", str(checkpoint))
    assert (code_of(cut), "CUT: " in text_of(cut)) == (3, True)
    assert code_of(run("append", "--type", "test")) == 0  # nor here: that is what an anchor is for
    segment.write_bytes(good.replace(b"first", b"other"))
    tampered = run("verify")
    assert (code_of(tampered), "TAMPERED: entry 0 (date=" in text_of(tampered)) == (1, True)
    assert code_of(run("append", "--type", "test")) == 1
    assert code_of(run("verify", "--vkey", "garbage")) == 2
    assert code_of(run("verify", "--from", str(tmp_path / "missing"))) == 2
    assert code_of(run("verify", "--vkey", str(SigningKey("example.com/audit", 1, bytes(32)).verifier_key()))) == 1


@pytest.fixture
def witness(vkey: str, tmp_path: Path) -> Iterator[WitnessServer]:
    key = parse_verifier_key(vkey)
    store = WitnessStore(tmp_path / "witness", WITNESS.verifier_key())
    server = WitnessServer(Witness(WITNESS, {key.name: key}, store))
    server.start()
    yield server
    server.stop()


def test_a_log_with_a_witness_and_a_second_folder(
    vkey: str, witness: WitnessServer, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness_key = str(WITNESS.verifier_key())
    monkeypatch.setenv("FAIRSTREAM_AUDIT_WITNESS_URL", witness.base_url)
    monkeypatch.setenv("FAIRSTREAM_AUDIT_WITNESS_KEY", witness_key)
    monkeypatch.setenv("FAIRSTREAM_AUDIT_ANCHOR_DIR", str(tmp_path / "anchor"))
    append("first")
    assert code_of(run("verify", "--vkey", vkey, "--witness-key", witness_key)) == 4  # not cosigned yet
    first = run("anchor")
    assert first.stdout.count("— ") == 2
    assert code_of(run("verify", "--vkey", vkey, "--witness-key", witness_key)) == 0
    append(*"abcdef")
    assert code_of(run("anchor")) == 0
    assert len(json.loads(run("prove", "3").stdout)["checkpoint"].split("— ")) == 3
    (state / "audit" / "cosigned.jsonl").unlink()  # the witness still knows
    append("g")
    assert code_of(run("anchor")) == 0

    # A log that is set back to an earlier state, with all of its own checkpoints.
    for path in (state / "audit").glob("date=*/seg-*"):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    (state / "audit" / "checkpoints.jsonl").unlink()
    (state / "audit" / "cosigned.jsonl").unlink()
    assert code_of(run("verify", "--vkey", vkey)) == 3  # the second folder has more
    assert code_of(run("append", "--type", "test")) == 3
    monkeypatch.delenv("FAIRSTREAM_AUDIT_ANCHOR_DIR")
    append("x")
    outcome = run("anchor")
    assert code_of(outcome) == 1
    assert "has cosigned 9 entries, and the log has 4" in text_of(outcome)


def test_lines_from_standard_input_are_acknowledged_when_they_are_on_the_disk(vkey: str) -> None:
    lines = [json.dumps({"type": "test", "data": {"n": n}, "actor": "sender"}) for n in range(600)]
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "audit", "append", "--json"],
        input="\n".join(lines), capture_output=True, text=True, timeout=120, check=True, cwd=ROOT,
    )  # fmt: skip
    receipts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [receipt["seq"] for receipt in receipts] == list(range(1, 601))
    assert code_of(run("verify", "--vkey", vkey)) == 0
    assert code_of(run("verify-entry", receipts[-1]["leaf"])) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("append", "--type", "Not a type"),
        ("append", "--type", "segment-open"),
        ("append", "--type", "positions", "--data", '{"a":"b"}'),
        ("append", "--type", "records"),
        ("append", "--type", "key-destroyed"),
        ("append", "--type", "test", "--data", "[]"),
        ("append", "--type", "test", "--data", '{"rate":0.5}'),
        ("append", "--type", "test", "--data", '{"who":"hm1.abcdef.AAAAAAAAAAAAAAAAAAAAAA"}'),
        ("append", "--type", "test", "--actor", "\x1b[2J"),
        ("init",),
        ("prove", "99"),
        ("consistency", "missing", "missing"),
    ],
)
@pytest.mark.usefixtures("vkey")
def test_what_is_wrong_gets_one_line_and_2(words: tuple[str, ...]) -> None:
    outcome = run(*words)
    assert code_of(outcome) == 2
    assert str(outcome.exception)
    assert "\n" not in str(outcome.exception)


def test_without_a_key_there_is_no_log() -> None:
    for words in (("append", "--type", "test"), ("verify",), ("anchor",), ("tail",)):
        outcome = run(*words)
        assert code_of(outcome) == 2
        assert "fairstream audit init" in str(outcome.exception)


def test_a_witness_creates_its_key_once() -> None:
    words = ["witness", "init", "--name", "witness.example/w"]
    first = CliRunner().invoke(app, words)
    assert parse_verifier_key(first.stdout.strip()).kind == COSIGNATURE
    assert code_of(CliRunner().invoke(app, words)) == 2
    assert code_of(CliRunner().invoke(app, ["witness", "init", "--name", "a b"])) == 2


def test_a_command_adds_what_it_does_where_there_is_a_log_and_fails_where_the_log_accepts_nothing(state: Path) -> None:
    settings = Settings(state_dir=str(state))
    append_event(settings, "replay-run", {"run": "r0"})
    assert not (state / "audit").exists()
    run("init")
    append_event(settings, "replay-run", {"run": "r1"})
    (entry,) = [json.loads(line) for line in run("query", "--type", "replay-run", "--json").stdout.splitlines()]
    assert (entry["data"]["run"], *entry["data"]) == ("r1", "code_version", "run")
    assert "@" in entry["actor"]
    assert code_of(run("verify")) == 0
    (segment,) = (state / "audit").glob("date=*/seg-*")
    segment.write_bytes(segment.read_bytes().replace(b"r1", b"r2"))
    with pytest.raises(DamagedLogError):
        append_event(settings, "replay-run", {"run": "r3"})


def test_the_log_of_exports_of_before_is_fixed_by_the_first_entry(state: Path) -> None:
    state.mkdir(mode=0o700)
    former = state / "audit.jsonl"
    former.touch(mode=0o600)
    former.write_bytes(b'{"event":"export-begun"}\n')
    assert "has the hash of audit.jsonl" in text_of(run("init"))
    [entry] = entries_of(state, "former-log")
    assert (entry.data["n_lines"], entry.data["sha256"]) == (1, sha256(former.read_bytes()).hexdigest())


def test_a_reason_with_a_pseudonym_is_in_no_entry() -> None:
    run("init")
    outcome = run("append", "--type", "test", "--data", '{"reason":"as hm1.abcdef.AAAAAAAAAAAAAAAAAAAAAA asked"}')
    assert (code_of(outcome), "pseudonym" in str(outcome.exception)) == (2, True)


@pytest.mark.parametrize("command", ["admin.keys", "admin.subject", "replay.saved_runs"])
def test_a_command_that_appends_an_entry_loads_no_client_of_kafka(command: str) -> None:
    loads = f"import stream_app.cli.{command}, sys; sys.exit(bool({{'kafka', 'aiokafka'}} & {{*sys.modules}}))"
    assert subprocess.run([sys.executable, "-c", loads], timeout=120, check=False, cwd=ROOT).returncode == 0
