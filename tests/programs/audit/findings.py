"""What the tools report, in one form: an id, and where it was found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.support.paths import ROOT

LOCKS = ("build", "run", "dev")
CODE = ("fairstream", "stream_app", "producers", "dashboards")


class Finding(NamedTuple):
    """One finding.

    Attributes:
        id: Id of a vulnerability, or of a check of bandit.
        aliases: Its other ids.
        where: The file of the repository, or name and version of the package.
        text: What it is, in one line.
    """

    id: str
    aliases: frozenset[str]
    where: str
    text: str


class ToolError(Exception):
    """A tool did not do its work."""


def vulnerabilities(*options: str) -> list[Finding]:
    """Return the known vulnerabilities of everything that is locked; needs the network.

    Args:
        options: More options of pip-audit; ``--dry-run`` only reads the locks.

    Raises:
        ToolError: a lock cannot be read, or the database of vulnerabilities does not answer.
    """
    locks = [argument for name in LOCKS for argument in ("-r", f"requirements/{name}.txt")]
    quiet = ["--progress-spinner", "off", "--format", "json"]
    return read_pip_audit(_run("pip_audit", "--require-hashes", "--disable-pip", *quiet, *options, *locks))


def insecure_code(folders: Sequence[str] = CODE, root: Path = ROOT) -> list[Finding]:
    """Return what bandit finds, whatever its severity; needs no network.

    Raises:
        ToolError: bandit does not work, or could not read a file.
    """
    report = msgspec.json.decode(_run("bandit", "--quiet", "--recursive", "--format", "json", *folders, root=root))
    if report["errors"]:
        raise ToolError(f"bandit could not read {report['errors'][0]['filename']}")
    return [
        Finding(
            result["test_id"],
            frozenset({result["test_name"]}),
            Path(result["filename"]).as_posix().removeprefix("./"),
            f"line {result['line_number']}: {result['issue_text']}",
        )
        for result in report["results"]
    ]


def read_pip_audit(report: bytes) -> list[Finding]:
    """Read the report of pip-audit.

    Raises:
        ToolError: a package could not be looked up.

    >>> read_pip_audit(b'{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "aliases": '
    ...     b'["CVE-1"], "fix_versions": ["2"], "description": "Bad."}]}], "fixes": []}')
    [Finding(id='PYSEC-1', aliases=frozenset({'CVE-1'}), where='a 1', text='fixed in 2')]
    """
    findings = []
    for package in msgspec.json.decode(report)["dependencies"]:
        if "skip_reason" in package:
            raise ToolError(f"pip-audit skipped {package['name']}")
        for found in package["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            where = f"{package['name']} {package['version']}"
            findings.append(Finding(found["id"], frozenset(found["aliases"]), where, f"fixed in {fixed}"))
    return sorted(set(findings))


def _run(module: str, *arguments: str, root: Path = ROOT) -> bytes:
    """Return the report of a tool; it ends with 1 when it has findings."""
    command: list[Any] = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout.strip().startswith(b"{"):
        tail = done.stderr.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise ToolError(f"{module} failed (exit {done.returncode}): " + " | ".join(tail))
    return done.stdout
