"""A deployment is backed up, loses its state folder, is restored by the documented commands, and is uninstalled."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from confluent_kafka.admin import AdminClient

from stream_app.edges.kafka.admin import count_existing, create_topics
from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.policy import load_policy
from stream_app.programs.audit.places import create_log
from stream_app.settings import Settings
from stream_app.topics import AUDIT_CHECKPOINTS, FAIRNESS_RESULTS, declared_topics
from tests.programs.chaos.logs import read_topic
from tests.support.paths import ROOT
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)
_PAGE = ROOT / "docs/how-to/backup.md"
_START = datetime.now(UTC).isoformat()


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("years")
    app_id = f"it-{os.urandom(6).hex()}"
    (folder / ".fairstream").mkdir()
    return open_site(kafka, folder / ".fairstream", app_id, "loans", n_partitions=2)


def documented(name: str) -> str:
    """Return the commands of the page that follow a mark."""
    [commands] = re.findall(rf"<!-- {name} -->\n```sh\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    return str(commands)


def follow(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run documented commands in a folder, with ``fairstream`` on the path."""
    script = folder / "bin" / "fairstream"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m stream_app "$@"\n', "utf-8")
    script.chmod(0o700)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", documented(name)],
        cwd=folder,
        env={**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def produce(site: Site, seed: int, n: int) -> None:
    command = ("produce", "loans", "--count", str(n), "--seed", str(seed), "--start", _START, "--rate", "0")
    answer = site.command(*command)
    assert answer.returncode == 0, answer.stderr


def published(site: Site) -> int:
    return sum(1 for _ in read_topic(site.kafka, str(site.models[0]["output_topic"])))


def test_a_restored_state_folder_continues_the_pseudonyms_and_recognizes_duplicates(site: Site) -> None:
    folder = site.folder.parent
    with site.worker():
        produce(site, 5, 600)
        site.wait_until("all are published", lambda: published(site) == 600)
    backup = follow("backup", folder)
    assert backup.returncode == 0, backup.stderr
    policy = site.policy_file.read_text("utf-8")
    shutil.rmtree(site.folder)
    restored = follow("restore", folder)
    assert (restored.returncode, restored.stdout) == (0, ""), restored.stderr
    assert site.policy_file.read_text("utf-8") == policy
    with site.worker():  # which rejects a key file that others can read
        produce(site, 5, 600)
        produce(site, 6, 40)
        site.wait_until("the new ones are published", lambda: published(site) == 640)
        running = uninstall(site, "--yes")
        assert (running.returncode, "Workers of" in running.stderr) == (2, True)


def uninstall(site: Site, *flags: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream_app", "uninstall", *flags]
    environ = {**os.environ, **site.environ}
    return subprocess.run(
        command, env=environ, input=typed, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT
    )


def test_keys_of_another_archive_are_seen_in_the_list(site: Site, tmp_path: Path) -> None:
    shutil.copy(site.folder.parent / "fairstream-state.tar", tmp_path)
    (tmp_path / "fairstream-keys.txt").write_text("abcdefgh  from 0  sha256:0\n", "utf-8")
    assert follow("restore", tmp_path).returncode == 1


def listed(site: Site, *flags: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return action and reason of each listed thing."""
    answer = uninstall(site, "--json", *flags)
    assert answer.returncode == 0, answer.stderr
    lines = map(json.loads, answer.stdout.splitlines())
    return {(line["kind"], line["name"]): (line["action"], line["reason"]) for line in lines}


def register(site: Site, app_id: str, name: str) -> None:
    """Register a policy of a deployment with other names, and create its topics."""
    text = site.policy_file.read_text("utf-8").replace(f'"{site.app_id}-', f'"{site.app_id}-{name}-')
    path = site.folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    create_topics(site.kafka, declared_topics(load_policy(str(path)), app_id, partitions=1))
    registry = PolicyRegistry(site.kafka, app_id)
    asyncio.run(registry.register(load_policy(str(path)).models))


def test_what_a_deployment_owns_is_deleted_and_nothing_else(site: Site) -> None:
    """Also what an earlier policy left behind; raw topics, keys, audit and topics that others use stay."""
    app_id, raw = site.app_id, str(site.models[0]["topic"])
    register(site, app_id, "former")
    register(site, f"{app_id}-2", "other")
    (site.folder / "audit.jsonl").write_bytes(b"{}\n")  # of versions before 0.4.0
    create_log(Settings(state_dir=str(site.folder)), "tests/audit")
    (site.folder / "replays" / "r1").mkdir(parents=True)
    (site.folder / "notes.txt").write_text("of the operator", "utf-8")

    before = listed(site, "--dry-run")
    own = {
        f"{app_id}-changelog-ingest-{app_id}-loans",
        f"{app_id}-changelog-ingest-{app_id}-former-loans",
        f"{app_id}-changelog-judge",
    }
    assert own <= {name for (kind, name), (action, _) in before.items() if (kind, action) == ("topic", "delete")}
    assert before["topic", raw] == ("keep", "raw topics belong to the customer")
    assert before["topic", f"{app_id}-former-loan-decisions-raw"][0] == "keep"
    action, reason = before["topic", FAIRNESS_RESULTS]
    assert (action, f"{app_id}-2" in reason) == ("keep", True)
    assert before["consumer group", app_id][0] == "delete"
    assert before["transactional id", f"{app_id}-{raw}-0"][0] == "keep"
    kept_files = {name for (kind, name), (action, _) in before.items() if (kind, action) == ("file", "keep")}
    names = ("keys/pseudonym-keys.json", "audit.jsonl", "audit", "keys/audit-signing-key")
    files = {str(site.folder / name) for name in names}
    assert kept_files == files
    assert before["topic", AUDIT_CHECKPOINTS] == ("keep", "who did what must stay known; --audit deletes it")

    mistyped = uninstall(site, typed=f"{app_id}-2\n")
    assert (mistyped.returncode, "nothing was deleted" in mistyped.stderr) == (2, True)
    assert listed(site, "--dry-run") == before
    answer = uninstall(site, typed=f"{app_id}\n")
    assert answer.returncode == 0, answer.stderr
    after = listed(site, "--dry-run")
    assert not [name for (kind, name), (action, _) in after.items() if action == "delete"]
    assert count_existing(site.kafka, [raw, FAIRNESS_RESULTS, *own]).keys() == {raw, FAIRNESS_RESULTS}
    admin = AdminClient({"bootstrap.servers": site.kafka})  # kept: its requests end with it
    groups = admin.list_consumer_groups().result(120).valid
    assert app_id not in {group.group_id for group in groups}
    remaining = {path.relative_to(site.folder).parts[0] for path in site.folder.rglob("*")}
    texts = {"notes.txt", "policy.toml", "former.toml", "other.toml", "worker.log"}
    assert remaining == {"keys", "audit.jsonl", "audit", *texts}

    answer = uninstall(site, "--keys", "--audit", "--yes", "--json")
    assert answer.returncode == 0, answer.stderr
    deleted = {msgspec.json.decode(line)["name"] for line in answer.stdout.splitlines()}
    assert deleted == files
    assert not (site.folder / "keys").exists()
