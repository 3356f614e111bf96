"""Where keys come from: mounted secrets and Vault, over real HTTP; what is unsafe or broken is one clear error."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stream_app.edges.files.key_file import add_key, create_key_file, destroy_key, key_file_path, load_keys
from stream_app.edges.keys.key_source import key_source_of
from stream_app.errors import ConfigError, FairStreamError, KeyFileError, KeysUnavailableError
from stream_app.programs.worker.key_watch import WorkerKeys
from stream_app.settings import Settings

TOKEN = "hvs.secret-token"  # noqa: S105 - of the test server
NAME = "pseudonym-keys.json"


class Vault:
    """A server that answers reads of one secret as Vault's documentation says, or as it is set up."""

    def __init__(self, text: str) -> None:
        self.body: Any = {"data": {"data": {NAME: text}, "metadata": {"version": 1, "destroyed": False}}}
        self.code = 200
        self.raw: bytes | None = None
        self.n_reads = 0
        vault = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vault.n_reads += 1
                code, raw = vault.code, vault.raw
                if self.headers["X-Vault-Token"] != TOKEN:
                    code, raw = 403, json.dumps({"errors": ["permission denied"]}).encode()
                elif self.path != "/v1/secret/data/fairstream":
                    code, raw = 404, json.dumps({"errors": []}).encode()
                raw = json.dumps(vault.body).encode() if raw is None else raw
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1/secret/data/fairstream"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def key_text(tmp_path: Path) -> str:
    create_key_file(key_file_path(tmp_path / "state"))
    return key_file_path(tmp_path / "state").read_text()


@pytest.fixture
def vault(key_text: str) -> Iterator[Vault]:
    server = Vault(key_text)
    yield server
    server.close()


def settings_of(tmp_path: Path, **changes: Any) -> Settings:
    token = tmp_path / "token"
    if not token.exists():
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
    return Settings(**{"state_dir": str(tmp_path / "state"), "key_token_file": str(token)} | changes)


def test_keys_are_read_from_vault_once_at_the_start(tmp_path: Path, vault: Vault) -> None:
    keys = WorkerKeys(key_source_of(settings_of(tmp_path, key_source=vault.address)))
    assert keys.keys == load_keys(key_file_path(tmp_path / "state"))
    assert [keys.look() for _ in range(5)] == [""] * 5
    assert vault.n_reads == 1


DELETED = {"data": {"data": None, "metadata": {"deletion_time": "2026-11-01T00:00:00Z", "destroyed": False}}}
ANSWERS: dict[str, tuple[dict[str, Any], type[FairStreamError], str]] = {
    "sealed": ({"code": 503, "body": {"errors": ["Vault is sealed"]}}, KeysUnavailableError, "sealed or in maint.*503"),
    "deleted": ({"code": 404, "body": DELETED}, KeyFileError, "no such secret.*404"),
    "deleted, as 200": ({"body": DELETED}, KeyFileError, "no text in field"),
    "server error": ({"code": 500, "body": {"errors": ["x"]}}, KeysUnavailableError, "HTTP 500"),
    "standby": ({"code": 473, "body": {}}, KeysUnavailableError, "HTTP 473"),
    "redirect": ({"code": 302, "body": {}}, KeysUnavailableError, "HTTP 302"),
    "not JSON": ({"raw": b"<html>secret-of-a-proxy</html>"}, KeysUnavailableError, "not that of a secret"),
    "empty": ({"raw": b""}, KeysUnavailableError, "not that of a secret"),
    "deep": ({"raw": b"[" * 200_000}, KeysUnavailableError, "not that of a secret"),
    "version 1 of the store": ({"body": {"data": {NAME: "x"}}}, KeyFileError, "no text in field"),
    "a list": ({"body": []}, KeysUnavailableError, "not that of a secret"),
    "another field": ({"body": {"data": {"data": {"keys": "x"}}}}, KeyFileError, "no text in field"),
    "a number": ({"body": {"data": {"data": {NAME: 7}}}}, KeyFileError, "no text in field"),
    "no key file": ({"body": {"data": {"data": {NAME: "{}"}}}}, KeyFileError, "is not a key file"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_other_answer_of_vault_is_one_error_without_its_text(tmp_path: Path, vault: Vault, answer: str) -> None:
    changes, kind, says = ANSWERS[answer]
    for name, value in changes.items():
        setattr(vault, name, value)
    with pytest.raises(kind, match=says) as raised:
        key_source_of(settings_of(tmp_path, key_source=vault.address)).load()
    assert TOKEN not in str(raised.value)
    assert "proxy" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_wrong_token_path_or_place_of_vault_says_what_to_check(tmp_path: Path, vault: Vault) -> None:
    settings = settings_of(tmp_path, key_source=vault.address)
    (tmp_path / "token").write_text("hvs.other")
    with pytest.raises(KeyFileError, match=r"denies reading the keys \(HTTP 403\)"):
        key_source_of(settings).load()
    (tmp_path / "token").write_text("two\nlines")
    with pytest.raises(ConfigError, match="exactly one line"):
        key_source_of(settings).load()
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(KeyFileError, match="can be read by others"):
        key_source_of(settings).load()
    with pytest.raises(ConfigError, match="needs a key_token_file"):
        key_source_of(settings_of(tmp_path, key_source=vault.address, key_token_file=None)).load()


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("http://vault.example:8200/v1/secret/data/fairstream", "not encrypted"),
        ("https://user:password@vault.example/v1/secret/data/x", "Invalid key_source"),
        ("https://vault.example/v1/secret/fairstream", "Invalid key_source"),
        ("https://vault.example/v1/secret/data/x?version=1", "Invalid key_source"),
        ("relative/folder", "Invalid key_source"),
        ("vault.example", "Invalid key_source"),
    ],
)
def test_an_address_that_is_unsafe_or_none_is_rejected(tmp_path: Path, place: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        key_source_of(settings_of(tmp_path, key_source=place)).load()
    assert "password@" not in str(raised.value)


def test_a_vault_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailableError, match="does not answer"):
        key_source_of(settings_of(tmp_path, key_source="http://127.0.0.1:1/v1/secret/data/x")).load()


@pytest.fixture
def mounted(tmp_path: Path, key_text: str) -> Path:
    """A secret as Kubernetes mounts it: files are links through a link to a folder with the time in its name."""
    folder = tmp_path / "mounted"
    (folder / "..2026").mkdir(parents=True)
    (folder / "..data").symlink_to("..2026")
    (folder / NAME).symlink_to(f"..data/{NAME}")
    (folder / "..2026" / NAME).write_text(key_text)
    (folder / "..2026" / NAME).chmod(0o440)
    return folder


def test_keys_are_read_from_a_mounted_secret_through_its_links(tmp_path: Path, mounted: Path) -> None:
    keys = key_source_of(settings_of(tmp_path, key_source=str(mounted))).load()
    assert keys == load_keys(key_file_path(tmp_path / "state"))


@pytest.mark.parametrize(
    ("mode", "folder_mode", "says"),
    [(0o444, 0o755, "read or changed by others"), (0o460, 0o755, "changed by others"), (0o400, 0o777, "be replaced")],
)
def test_a_mounted_secret_that_others_can_read_or_replace_is_rejected(
    tmp_path: Path, mounted: Path, mode: int, folder_mode: int, says: str
) -> None:
    (mounted / "..2026" / NAME).chmod(mode)
    mounted.chmod(folder_mode)
    with pytest.raises(KeyFileError, match=says):
        key_source_of(settings_of(tmp_path, key_source=str(mounted))).load()


def test_a_mounted_secret_that_leads_elsewhere_is_missing_or_loops_is_rejected(tmp_path: Path, mounted: Path) -> None:
    source = key_source_of(settings_of(tmp_path, key_source=str(mounted)))
    link = mounted / NAME
    for target, says in (
        (str(key_file_path(tmp_path / "state")), "leads out"),
        (NAME, "Cannot read"),
        ("x", "not exist"),
    ):
        link.unlink()
        link.symlink_to(target)
        with pytest.raises(KeyFileError, match=says):
            source.load()
    link.unlink()
    os.mkfifo(link, 0o400)
    with pytest.raises(KeyFileError, match="not a regular file"):
        source.load()


def test_a_running_worker_notices_rotation_and_destruction_and_keeps_its_keys_when_the_file_breaks(
    tmp_path: Path, key_text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = key_file_path(tmp_path / "state")
    keys = WorkerKeys(key_source_of(settings_of(tmp_path)))
    (first,) = keys.keys
    assert keys.look() == ""
    second = add_key(path, 1_000)
    assert keys.look() == f"new={second.kid} gone=none"
    assert keys.keys == (first, second)
    path.write_text("half a file")
    assert keys.look() == ""
    assert "keeping the former" in caplog.text
    path.unlink()
    assert keys.look() == ""
    assert keys.keys == (first, second)
    path.write_text(key_text)
    path.chmod(0o600)
    assert keys.look() == f"new=none gone={second.kid}"
    add_key(path, 1_000)
    keys.look()
    destroy_key(path, first.kid, 2_000)
    assert f"gone={first.kid}" in keys.look()
    assert first.secret.hex() not in caplog.text
