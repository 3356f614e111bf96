"""The table of all topics, from the one file that declares them."""

from __future__ import annotations

from stream_app.topics import DECLARATIONS, Declaration

_HEAD = ("topic", "contents", "written by", "read by", "partitions", "cleanup", "retention")


def topics_table() -> str:
    """Return a Markdown table with one row for each declared topic, in the order in which data flows."""
    lines = [f"| {' | '.join(_HEAD)} |", f"|{'---|' * len(_HEAD)}"]
    lines += [f"| {' | '.join(_row(declaration))} |" for declaration in DECLARATIONS]
    return "\n".join(lines) + "\n"


def _row(declaration: Declaration) -> tuple[str, ...]:
    partitions = declaration.partitions
    return (
        f"`{declaration.name}`",
        declaration.contents,
        declaration.written_by,
        declaration.read_by,
        str(partitions) if isinstance(partitions, int) else f"as the topic in the role *{partitions}*",
        declaration.cleanup,
        f"{declaration.retention_d} d" if declaration.retention_d else "until replaced",
    )
