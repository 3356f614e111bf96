"""Run the audit: ``python -m tests.programs.audit [--code-only]``."""

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
    try:
        findings: list[Finding] = insecure_code()
        if flags.code_only:
            exceptions = tuple(one for one in exceptions if one.id.startswith("B"))
        else:
            findings += vulnerabilities()
    except ToolError as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    problems = judge(findings, exceptions, dt.datetime.now(dt.UTC).date())
    print(*problems, sep="\n", end="\n" * bool(problems))
    checked = ", ".join(CODE) + ("" if flags.code_only else "; the locks " + ", ".join(LOCKS))
    accepted = f"{len(findings)} findings, {len(exceptions)} exceptions in {EXCEPTIONS.relative_to(ROOT)}"
    print(f"audit: {'FAILED' if problems else 'passed'}: {accepted}; checked: {checked}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
