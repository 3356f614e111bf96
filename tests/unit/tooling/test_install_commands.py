"""What texts tell people to install can be installed: FairStream itself is on no index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from stream_app.extras import EXTRAS, install_command

ROOT = Path(__file__).parents[3]


def test_the_command_of_an_extra_names_its_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {
        name: " ".join(f"'{package}'" for package in packages)
        for name, packages in project["optional-dependencies"].items()
    }
    assert extras == EXTRAS
    assert install_command("local") == f"pip install {extras['local']}"


def test_no_text_installs_fairstream_from_an_index() -> None:
    texts = [
        path
        for folder in ("stream_app", "producers", "fairstream", "docs", "deploy", "examples", "dashboards")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".ipynb", ".toml", ".sh", ".yml"}
    ]
    texts += [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile", ROOT / "Dockerfile"]
    named = re.compile(r"pip\s+install\s+(?:-\S+\s+)*['\"]?fairstream\b(?!-)")
    assert [str(path.relative_to(ROOT)) for path in texts if named.search(path.read_text("utf-8"))] == []
