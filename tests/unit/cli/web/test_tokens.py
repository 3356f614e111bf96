"""``fairstream web tokens`` as a person runs it: shown once, listed without secrets, revoked, and in the audit log."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def run(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream_app", *words, "--state-dir", str(state)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)


def test_a_token_is_created_listed_and_revoked(tmp_path: Path) -> None:
    assert run(tmp_path, "audit", "init").returncode == 0
    made = run(tmp_path, "web", "tokens", "create", "score board", "--scope", "results", "--days", "7")
    assert re.fullmatch(r"fs_[a-z2-7]{8}_[A-Za-z0-9_-]{43}\n", made.stdout)
    _, token_id, secret = made.stdout.strip().split("_", 2)
    listed = run(tmp_path, "web", "tokens", "list", "--json").stdout
    (token,) = [json.loads(line) for line in listed.splitlines()]
    assert (token["id"], token["name"], token["role"]) == (token_id, "score board", "viewer")
    assert (token["scopes"], token["state"], token["last_used"]) == (["results"], "active", None)
    assert secret not in listed
    limited = run(tmp_path, "web", "tokens", "limit", token_id, "--reads-per-min", "600")
    assert (limited.returncode, limited.stdout) == (0, "")
    token = json.loads(run(tmp_path, "web", "tokens", "list", "--json").stdout)
    assert (token["reads_per_min"], token["writes_per_min"]) == (600, None)
    assert "600" in run(tmp_path, "web", "tokens", "list").stdout
    denied = run(tmp_path, "web", "tokens", "create", "x", "--role", "administrator", "--scope", "audit")
    assert (denied.returncode, denied.stdout) == (2, "")
    assert "does not have the scope audit" in denied.stderr
    assert run(tmp_path, "web", "tokens", "revoke", token_id).returncode == 0
    again = run(tmp_path, "web", "tokens", "revoke", token_id)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "revoked" in run(tmp_path, "web", "tokens", "list").stdout
    entries = run(tmp_path, "audit", "query", "--json").stdout
    kinds = [json.loads(line)["type"] for line in entries.splitlines()]
    assert [kind for kind in kinds if kind.startswith("api-")] == [
        f"api-token-{what}" for what in ("created", "limited", "revoked")
    ]
    assert secret not in entries


def test_without_an_entry_of_the_audit_log_there_is_no_token(tmp_path: Path) -> None:
    assert run(tmp_path, "audit", "init").returncode == 0
    (tmp_path / "keys" / "audit-signing-key").chmod(0o644)
    made = run(tmp_path, "web", "tokens", "create", "x")
    assert (made.returncode, made.stdout) == (2, "")
    assert run(tmp_path, "web", "tokens", "list", "--json").stdout == ""
