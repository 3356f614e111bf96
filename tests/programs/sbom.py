"""``python -m tests.programs.sbom``: list what an installation contains, as a CycloneDX document (SBOM).

The installation is a new environment with the locked packages and the wheel, or the environment of a given Python. Two
runs over the same environment differ in time and serial number only.
"""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

import msgspec
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from stream_app import __version__
from tests.support.paths import ROOT

SPECIFICATION = "1.6"
_LOCK = ROOT / "requirements" / "run.txt"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make sbom", description=__doc__)
    parser.add_argument("--python", help="Python of the environment to list; without it, a new one from the lock.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "sbom.json", help="File to write.")
    flags = parser.parse_args(arguments)
    flags.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(flags.python) if flags.python else install(Path(folder))
        document = stamped(describe(python))
    if problem := problem_of(document):
        print(f"sbom: not valid: {problem}", file=sys.stderr)
        return 1
    flags.output.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    print(f"{flags.output}: CycloneDX {SPECIFICATION}, {len(document['components'])} components")
    return 0


def install(folder: Path) -> Path:
    """Make an environment with the locked packages and the wheel of the working tree; return its Python."""
    uv, python = Path(sys.executable).with_name("uv"), folder / "environment" / "bin" / "python"
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    _run(uv, "venv", "--quiet", "--python", sys.executable, python.parent.parent)
    _run(uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", _LOCK)
    _run(uv, "pip", "install", "--quiet", "--python", python, "--no-deps", *folder.glob("*.whl"))
    return python


def describe(python: Path) -> dict[str, Any]:
    """Return the document about an environment, without time and serial number.

    FairStream is what it is about, so it is no component of it. Places on this machine are left out.
    """
    about: list[str | Path] = ["--pyproject", ROOT / "pyproject.toml", "--mc-type", "application"]
    form = ["--output-reproducible", "--spec-version", SPECIFICATION, "--output-format", "JSON", "--no-validate"]
    cyclonedx = Path(sys.executable).with_name("cyclonedx-py")
    document: dict[str, Any] = msgspec.json.decode(_run(cyclonedx, "environment", *about, *form, python))
    root = document["metadata"]["component"]
    root["version"] = __version__
    root["purl"] = f"pkg:pypi/fairstream@{__version__}"
    own = {one["bom-ref"] for one in document["components"] if one["name"] == "fairstream"}
    document["components"] = [one for one in document["components"] if one["bom-ref"] not in own]
    needed = [one for one in document["dependencies"] if one["ref"] in own]
    document["dependencies"] = [one for one in document["dependencies"] if one["ref"] not in own]
    for entry in document["dependencies"]:
        if entry["ref"] == root["bom-ref"] and needed:
            entry["dependsOn"] = sorted({*entry.get("dependsOn", ()), *needed[0].get("dependsOn", ())} - own)
    for component in document["components"]:
        links = [link for link in component.get("externalReferences", ()) if not link["url"].startswith("file:")]
        component.pop("externalReferences", None)
        if links:
            component["externalReferences"] = links
    return document


def problem_of(document: dict[str, Any]) -> str:
    """Return why a document is not valid by the schema of CycloneDX; empty if it is. It takes up to half a minute."""
    validator = JsonStrictValidator(SchemaVersion.from_version(SPECIFICATION))
    return str(validator.validate_str(msgspec.json.encode(document).decode()) or "")


def stamped(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with a serial number and the time; ``SOURCE_DATE_EPOCH`` sets the time."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = dt.datetime.now(dt.UTC) if epoch is None else dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return document | {
        "serialNumber": uuid.uuid4().urn,
        "metadata": {"timestamp": time} | document["metadata"],
    }


def _run(*command: str | Path) -> bytes:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        sys.exit(f"sbom: {Path(command[0]).name} ended with {done.returncode}: {' '.join(last)}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
