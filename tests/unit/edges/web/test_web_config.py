"""The web configuration file: what Prometheus takes is taken, what this process cannot do is an error at the start."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stream_app.edges.web.web_config import WebConfig, read_web_config
from stream_app.errors import ConfigError
from tests.support.servers.alerting import need_tool
from tests.support.servers.secured.certificates import Authority

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.pem\n"
ACCEPTED = {
    "tls": TLS,
    "client certificates": TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n",
    "versions": TLS + "  min_version: TLS12\n  max_version: TLS13\n  prefer_server_cipher_suites: true\n",
    "headers": TLS + "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n",
    "users": f"basic_auth_users:\n  prometheus: {HASH}\n",
}
REJECTED = {
    **{
        f"nothing: {text!r}": (text, "states nothing, so it would protect nothing. Add tls_server_config")
        for text in ("", "\n", "# nothing yet\n", "{}", "tls_server_config: null\n", "basic_auth_users: {}\n")
    },
    "unknown field": ("tls_config: {}\n", "unknown field `tls_config`"),
    "wrong type": ("tls_server_config: 7\n", r"Expected `object \| null`, got `int` - at `\$.tls_server_config`"),
    "not YAML": ("basic_auth_users: {a: s3cret\nb", "is not valid YAML in line"),
    "list": ("- a\n", "Expected `object"),
    "no key": ("tls_server_config: {cert_file: server.pem}\n", "needs cert_file and key_file"),
    "inline key": (TLS + "  key: s3cret\n", "tls_server_config.key is not supported.*key_file"),
    "suites": (TLS + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", "cipher_suites is not supported"),
    "old TLS": (TLS + "  min_version: TLS10\n", "min_version allows no secure version"),
    "no version": (TLS + "  min_version: TLS13\n  max_version: TLS12\n", "min_version is above max_version"),
    "unverified": (TLS + "  client_auth_type: RequireAnyClientCert\n", "that nobody verified"),
    "no authority": (TLS + "  client_auth_type: RequireAndVerifyClientCert\n", "belong together"),
    "authority alone": (TLS + "  client_ca_file: ca.pem\n", "belong together"),
    "names alone": (TLS + "  client_allowed_sans: [prometheus]\n", "client_allowed_sans needs"),
    "unknown header": ("http_server_config: {headers: {Server: a}}\n", "Known: Content-Security-Policy"),
    "split header": ('http_server_config: {headers: {X-Frame-Options: "a\\r\\nb: c"}}\n', "control characters"),
    "plain password": ("basic_auth_users: {prometheus: s3cret}\n", "is not a bcrypt hash"),
    "user with a colon": (f'basic_auth_users: {{"a:b": {HASH}}}\n', "with a colon"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Authority(tmp_path, "ca").issue("server.pem", "127.0.0.1")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "web.yml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_file_that_prometheus_accepts_is_accepted(folder: Path, name: str) -> None:
    path = written(folder, ACCEPTED[name])
    checked = subprocess.run([need_tool("promtool"), "check", "web-config", path], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert isinstance(read_web_config(path), WebConfig)


def test_files_are_relative_to_the_folder_of_the_configuration(folder: Path) -> None:
    tls = read_web_config(written(folder, TLS)).tls_server_config
    assert tls is not None
    assert (tls.cert_file, tls.client_ca_file) == (str(folder / "server.pem"), "")
    elsewhere = read_web_config(written(folder, TLS.replace("cert_file: server", "cert_file: /etc/server")))
    assert elsewhere.tls_server_config is not None
    assert elsewhere.tls_server_config.cert_file == "/etc/server.pem"


@pytest.mark.parametrize("name", REJECTED)
def test_what_this_process_cannot_do_is_an_error_that_says_what_to_do(folder: Path, name: str) -> None:
    text, message = REJECTED[name]
    with pytest.raises(ConfigError, match=message) as caught:
        read_web_config(written(folder, text))
    assert str(folder / "web.yml") in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Cannot read web_config .*No such file"):
        read_web_config(tmp_path / "web.yml")
    (tmp_path / "web.yml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_web_config(tmp_path / "web.yml")
