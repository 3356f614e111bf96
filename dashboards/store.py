"""The committed JSON: writes it from the code, and finds files that differ."""

from __future__ import annotations

from pathlib import Path

from dashboards.boards import BOARDS

FOLDER = Path(__file__).parent / "json"


def rendered() -> dict[Path, str]:
    """Return path and text of each dashboard, generated from the code."""
    return {
        FOLDER / board.folder / f"{board.uid.removeprefix('fairstream-')}.json": board.to_json() for board in BOARDS
    }


def stale() -> list[Path]:
    """Return the files that are missing, superfluous or different from the code."""
    expected = rendered()
    existing = set(FOLDER.rglob("*.json"))
    return sorted(
        path
        for path in existing | expected.keys()
        if path not in expected or path not in existing or path.read_text("utf-8") != expected[path]
    )


def write() -> None:
    """Write all files, and remove those that are not generated."""
    expected = rendered()
    for path in set(FOLDER.rglob("*.json")) - expected.keys():
        path.unlink()
    for path, text in expected.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
