"""The key file: made once by a person, safe or refused, never shown."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stream_app.cli import app, load_commands
from stream_app.core.privacy.pseudonym import PATTERN, Pseudonymizer
from stream_app.edges.files.key_file import (
    add_key,
    create_key_file,
    destroy_key,
    key_file_path,
    load_key_ring,
    load_keys,
)
from stream_app.edges.keys.sealing_file import SealingFile
from stream_app.errors import ConfigError, DamagedLogError, KeyFileError, WriteError
from stream_app.policy.values.auditor_keys import auditor_key_fault
from stream_app.programs.audit.places import create_log
from stream_app.settings import Settings
from tests.support.audit_logs import entries_of

SECRET = bytes(range(32))
KINDS = ("key-created", "key-rotated", "key-destroyed")


def stored(*keys: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({"schema": 1, "keys": keys} | changes).encode()


def key(kid: str = "abcdefgh", valid_from_s: int = 0, secret: bytes = SECRET, **more: Any) -> dict[str, Any]:
    return {"kid": kid, "valid_from_s": valid_from_s, "secret": base64.b64encode(secret).decode()} | more


def put(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return key_file_path(tmp_path / "state")


def test_a_new_key_file_is_private_and_its_key_is_valid_for_all_times(path: Path) -> None:
    made = create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_keys(path) == (made,)
    assert made.valid_from_s == 0
    assert PATTERN.fullmatch(Pseudonymizer([made], "d", "text").pseudonym(b"1", 0))


def test_two_installations_never_share_a_key(tmp_path: Path) -> None:
    keys = [create_key_file(key_file_path(tmp_path / str(number))) for number in range(20)]
    assert len({key.secret for key in keys}) == len({key.kid for key in keys}) == 20


def test_a_second_init_changes_nothing(path: Path) -> None:
    create_key_file(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="exists already"):
        create_key_file(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(WriteError, match=r"Cannot write .*Not a directory"):
        create_key_file(key_file_path(tmp_path / "state"))


def test_a_rotated_file_contains_both_epochs_and_keeps_its_mode(path: Path) -> None:
    first = create_key_file(path)
    second = add_key(path, 1_800_000_000)
    assert load_keys(path) == (first, second)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.secret != second.secret
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("valid_from_s", [0, -1, 1_800_000_000, 1_799_999_999])
def test_an_epoch_cannot_begin_inside_or_before_another(path: Path, valid_from_s: int) -> None:
    create_key_file(path)
    add_key(path, 1_800_000_000)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="begins then or later"):
        add_key(path, valid_from_s)
    assert path.read_bytes() == before


def test_rotation_needs_an_existing_file(path: Path) -> None:
    with pytest.raises(KeyFileError, match="fairstream keys init"):
        add_key(path, 5)


def test_a_leftover_of_a_failed_rotation_does_not_stop_the_next(path: Path) -> None:
    create_key_file(path)
    path.with_suffix(".new").write_text("half a file")
    add_key(path, 5)
    assert len(load_keys(path)) == 2


Spoil = Callable[[Path], object]


def linked(path: Path) -> None:
    put(path.with_name("elsewhere.json"), stored(key()))
    path.symlink_to(path.with_name("elsewhere.json"))


def linked_to_nothing(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("gone")


def piped(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    os.mkfifo(path, 0o600)


def in_an_open_folder(path: Path) -> None:
    put(path, stored(key()))
    path.parent.chmod(0o777)


UNSAFE: dict[str, tuple[Spoil, str]] = {
    "missing": (lambda path: path.parent.mkdir(parents=True), "does not exist.*keys init"),
    "0644": (lambda path: put(path, stored(key()), 0o644), "can be read by others.*chmod 600"),
    "0640": (lambda path: put(path, stored(key()), 0o640), "can be read by others"),
    "0602": (lambda path: put(path, stored(key()), 0o602), "can be read by others"),
    "a folder that others can write": (in_an_open_folder, "can be replaced by others.*chmod 700"),
    "a symlink": (linked, "is a link"),
    "a symlink to nothing": (linked_to_nothing, "is a link"),
    "a directory": (lambda path: path.mkdir(parents=True), "or a folder"),
    "a named pipe": (piped, "not a regular file"),
    "empty": (lambda path: put(path, b""), "is not a key file"),
    "not JSON": (lambda path: put(path, b"{"), "is not a key file"),
    "not UTF-8": (lambda path: put(path, b'{"schema": 1, "keys": "\xff"}'), "is not a key file"),
    "another shape": (lambda path: put(path, b'{"schema": 1, "keys": {}}'), "is not a key file"),
    "a later format": (lambda path: put(path, stored(key(), schema=2)), "of this version"),
    "an unknown field": (lambda path: put(path, stored(key(use="x"))), "is not a key file"),
    "no key": (lambda path: put(path, stored()), "is not a key file"),
    "a short key": (lambda path: put(path, stored(key(secret=SECRET[:-1]))), "wrong length"),
    "a long key": (lambda path: put(path, stored(key(secret=SECRET + b"x"))), "wrong length"),
    "not base64": (lambda path: put(path, stored(key() | {"secret": "!" * 44})), "is not a key file"),
    "two keys with one kid": (
        lambda path: put(path, stored(key(), key(valid_from_s=5))),
        "two keys with the same name or start",
    ),
    "two keys from one moment": (
        lambda path: put(path, stored(key(), key("zyxwvuts"))),
        "two keys with the same name or start",
    ),
    "a kid that no pseudonym can carry": (lambda path: put(path, stored(key("Not.Ok"))), "is not a key file"),
}


@pytest.mark.parametrize("fault", UNSAFE)
def test_an_unsafe_key_file_is_rejected_with_what_to_do_and_without_its_content(path: Path, fault: str) -> None:
    spoil, says = UNSAFE[fault]
    spoil(path)
    with pytest.raises(KeyFileError, match=says) as rejected:
        load_keys(path)
    said = str(rejected.value)
    assert base64.b64encode(SECRET).decode()[:8] not in said
    assert str(path) in said
    assert rejected.value.__cause__ is None
    assert rejected.value.__suppress_context__ or rejected.value.__context__ is None


def test_a_file_of_another_user_is_rejected(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_key_file(path)
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(KeyFileError, match="belongs to another user"):
        load_keys(path)


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


def test_a_folder_of_keys_that_is_a_link_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "keys").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="is a link"):
        create_key_file(key_file_path(tmp_path))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_keys_below_a_folder_that_anybody_may_change_are_rejected(tmp_path: Path) -> None:
    path = key_file_path(tmp_path / "state")
    create_key_file(path)
    for mode, is_safe in ((0o755, True), (0o775, True), (0o1777, True), (0o777, False), (0o702, False)):
        (tmp_path / "state").chmod(mode)
        if is_safe:
            assert len(load_keys(path)) == 1
        else:
            with pytest.raises(KeyFileError, match=r"can be replaced by others\. chmod o-w"):
                load_keys(path)
