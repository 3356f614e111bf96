"""Run the audit: ``python -m tests.programs.audit [--code-only]``.

Without the network the code is checked and the locks are read; the end says that this was not all, with exit code 2.
"""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import datetime as dt
import sys

from tests.programs.audit.exceptions import judge, read_exceptions
from tests.programs.audit.findings import CODE, LOCKS, Finding, ToolError, insecure_code, vulnerabilities
from tests.support.paths import ROOT

EXCEPTIONS = ROOT / "requirements" / "audit.toml"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--code-only", action="store_true", help="Run bandit only, which needs no network.")
    flags = parser.parse_args(arguments)
    exceptions = read_exceptions(EXCEPTIONS)
    unchecked = ""
    try:
        findings: list[Finding] = insecure_code()
        if not flags.code_only:
            vulnerabilities("--dry-run")  # reads the locks, without the network
    except ToolError as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    if not flags.code_only:
        try:
            findings += vulnerabilities()
        except ToolError as error:
            unchecked = str(error)
    has_locks = not flags.code_only and not unchecked
    if not has_locks:
        exceptions = tuple(one for one in exceptions if one.id.startswith("B"))
    problems = judge(findings, exceptions, dt.datetime.now(dt.UTC).date())
    print(*problems, sep="\n", end="\n" * bool(problems))
    checked = ", ".join(CODE) + ("; the locks " + ", ".join(LOCKS) if has_locks else "")
    accepted = f"{len(findings)} findings, {len(exceptions)} exceptions in {EXCEPTIONS.relative_to(ROOT)}"
    word = "FAILED" if problems else "INCOMPLETE" if unchecked else "passed"
    print(f"audit: {word}: {accepted}; checked: {checked}")
    if unchecked:
        locks = ", ".join(LOCKS)
        print(f"audit: not checked, which needs the network: the locks {locks}: {unchecked}", file=sys.stderr)
    return 1 if problems else 2 if unchecked else 0


if __name__ == "__main__":
    sys.exit(main())
