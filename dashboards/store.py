"""The committed JSON: where it lies, whether it is what the code says."""

from __future__ import annotations

from pathlib import Path

from dashboards.boards import BOARDS

FOLDER = Path(__file__).parent / "json"


def rendered() -> dict[Path, str]:
    """Return path and text of each dashboard, as the code says."""
    return {
        FOLDER / board.folder / f"{board.uid.removeprefix('fairstream-')}.json": board.to_json() for board in BOARDS
    }


def stale() -> list[Path]:
    """Return the files that are missing, too many, or not what the code says."""
    wanted = rendered()
    there = set(FOLDER.rglob("*.json"))
    return sorted(
        path
        for path in there | wanted.keys()
        if path not in wanted or path not in there or path.read_text("utf-8") != wanted[path]
    )


def write() -> None:
    """Write all files, and remove those that the code does not know."""
    wanted = rendered()
    for path in set(FOLDER.rglob("*.json")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
