"""The commands about keys: rotate and destroy at a safe time, in the audit log, without showing a secret."""

from __future__ import annotations

import base64
import json
import re
import stat
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream_app.cli import app, load_commands
from stream_app.edges.files.key_file import add_key, create_key_file, destroy_key, load_key_ring, load_keys
from stream_app.edges.keys.sealing_file import SealingFile
from stream_app.errors import ConfigError, DamagedLogError, KeyFileError
from stream_app.policy.values.auditor_keys import auditor_key_fault
from stream_app.programs.audit.places import create_log
from stream_app.settings import Settings
from tests.support.audit_logs import entries_of

KINDS = ("key-created", "key-rotated", "key-destroyed")


def run(path: Path, *arguments: str) -> str:
    load_commands()
    result = CliRunner().invoke(app, ["keys", *arguments, "--state-dir", str(path.parents[1])], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize(("flags", "length_s"), [((), 3_600), (("--incident",), 10)])
def test_a_rotation_now_begins_where_no_window_is_open_and_every_worker_can_know_it(
    path: Path, flags: tuple[str, ...], length_s: int
) -> None:
    run(path, "init")
    run(path, "rotate", "--from", "now", *flags)
    begin_s = load_keys(path)[1].valid_from_s
    assert begin_s % length_s == 0
    assert 890 <= begin_s - time.time() <= 910 + length_s


@pytest.mark.parametrize(
    ("begin", "says"),
    [
        ("2027-01-01T00:00:30Z", "inside a window, .*The next end of all is 2027-01-01T01:00:00Z"),
        ("2027-01-01T00:00:00.5Z", "inside a window"),
        ("2026-01-01T00:00:00Z", "too early"),
        ("2027-01-01T00:00:00", "has no UTC offset"),
        ("tomorrow", "is not an ISO 8601 time"),
    ],
)
def test_a_rotation_that_would_split_a_window_or_come_too_late_to_workers_is_rejected(
    path: Path, begin: str, says: str
) -> None:
    run(path, "init")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=says):
        run(path, "rotate", "--from", begin)
    assert path.read_bytes() == before


def test_a_destroyed_key_leaves_its_name_and_another_key_for_its_events(path: Path) -> None:
    first = create_key_file(path)
    second = add_key(path, 1_000)
    destroy_key(path, first.kid, 2_000)
    keys, destroyed = load_key_ring(path)
    assert [(gone.kid, gone.fingerprint, gone.valid_from_s) for gone in destroyed] == [
        (first.kid, first.fingerprint(), 0)
    ]
    assert second in keys
    (other,) = {*keys} - {second}
    assert (other.valid_from_s, other.kid == first.kid, other.secret == first.secret) == (0, False, False)
    assert base64.b64encode(first.secret) not in path.read_bytes()
    shown = run(path, "list")
    assert re.search(rf"{first.kid} .*destroyed.*\n{other.kid} .*verify-only.*\n{second.kid} .*active", shown)


@pytest.mark.parametrize(
    ("kid", "says"),
    [("active", "has not ended"), ("planned", "has not ended"), ("none", "no key"), ("gone", "already")],
)
def test_a_key_that_is_in_use_cannot_be_destroyed(path: Path, kid: str, says: str) -> None:
    gone = create_key_file(path)
    active = add_key(path, 1_000)
    planned = add_key(path, 9_000)
    destroy_key(path, gone.kid, 2_000)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match=says):
        destroy_key(path, {"active": active.kid, "planned": planned.kid, "gone": gone.kid}.get(kid, kid), 2_000)
    assert path.read_bytes() == before


def test_what_happens_to_keys_is_in_the_audit_log_before_it_happens(path: Path) -> None:
    state = path.parents[1]
    create_log(Settings(state_dir=str(state)), "tests/audit")
    run(path, "init")
    [first] = load_keys(path)
    run(path, "rotate")
    second = load_keys(path)[1]
    with pytest.raises(KeyFileError, match="has not ended"):
        run(path, "destroy", first.kid, "--yes")
    with pytest.raises(KeyFileError, match="exists already"):
        run(path, "init")
    entries = [(entry.type, entry.data["kid"], entry.data["use"]) for entry in entries_of(state, *KINDS)]
    assert entries == [("key-created", first.kid, "pseudonyms"), ("key-rotated", second.kid, "pseudonyms")]
    [segment] = (state / "audit").glob("date=*/seg-*")
    segment.write_bytes(segment.read_bytes().replace(b"pseudonyms", b"pseudonimes"))
    before = path.read_bytes()
    with pytest.raises(DamagedLogError):
        run(path, "rotate", "--from", "2027-01-01T00:00:00Z")
    assert path.read_bytes() == before


def test_destroying_needs_a_confirmation(path: Path) -> None:
    run(path, "init")
    with pytest.raises(ConfigError, match="--yes"):
        run(path, "destroy", load_keys(path)[0].kid)


def test_the_keys_of_an_auditor_are_created_rotated_and_destroyed_without_showing_a_secret(path: Path) -> None:
    shown = run(path, "init", "--sealing") + run(path, "rotate", "--sealing") + run(path, "list", "--sealing")
    file = SealingFile(path.parents[1])
    first, second = file.load()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert auditor_key_fault(first.key.public) is None
    secrets = re.findall(r'"secret": "([^"]+)"', file.path.read_text())
    assert len(secrets) == 2
    assert not any(secret in shown or secret in repr(first.key) for secret in secrets)
    with pytest.raises(ConfigError, match="fairstream audit init"):
        run(path, "destroy", "--sealing", first.key.kid, "--yes")
    assert [key.key.kid for key in file.load()] == [first.key.kid, second.key.kid]
    create_log(Settings(state_dir=str(path.parents[1])), "tests/audit")
    run(path, "destroy", "--sealing", first.key.kid, "--yes")
    assert [key.key.kid for key in file.load()] == [second.key.kid]
    assert [gone.kid for gone in file.destroyed()] == [first.key.kid]
    file.path.chmod(0o640)
    with pytest.raises(KeyFileError, match="can be read by others"):
        file.load()


def test_the_commands_create_rotate_and_list_without_showing_a_secret(path: Path) -> None:
    shown = (
        run(path, "init", "--json")
        + run(path, "rotate", "--from", "2027-01-01T00:00:00Z")
        + run(path, "list", "--json")
    )
    keys = load_keys(path)
    listed = [json.loads(line) for line in run(path, "list", "--json").splitlines()]
    assert [fact["kid"] for fact in listed] == [key.kid for key in keys]
    assert [fact["valid_from_s"] for fact in listed] == [0, 1_798_761_600]
    assert [fact["fingerprint"] for fact in listed] == [key.fingerprint() for key in keys]
    for key in keys:
        assert base64.b64encode(key.secret).decode() not in shown
        assert key.secret.hex() not in shown
