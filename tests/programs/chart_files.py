"""``python -m tests.programs.chart_files`` links rules and dashboards into the chart, where Helm finds them.

Each file has its own link: of a folder that can be reached by two paths, an sdist would contain only one.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.paths import ROOT

FILES = ROOT / "deploy" / "helm" / "fairstream" / "files"
_SOURCES = {"rules": ROOT / "deploy" / "prometheus" / "rules", "dashboards": ROOT / "dashboards" / "json"}


def main() -> None:
    """Make the links that are missing, and remove those that lead nowhere."""
    wanted = wanted_links()
    for link in existing_links() - wanted.keys():
        link.unlink()
    for link, target in wanted.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def wanted_links() -> dict[Path, str]:
    """Return each link with what it must contain."""
    links = {
        FILES / name / path.relative_to(folder): path
        for name, folder in _SOURCES.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {link: os.path.relpath(path, link.parent) for link, path in links.items()}


def existing_links() -> set[Path]:
    """Return the links that are there."""
    return {path for path in FILES.rglob("*") if path.is_symlink()}


if __name__ == "__main__":
    main()
