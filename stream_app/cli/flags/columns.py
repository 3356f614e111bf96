"""What ``--column NAME=COLUMN`` says about the columns of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from stream_app.errors import ConfigError


def renamed_columns(texts: Iterable[str] | None, known: Collection[str]) -> dict[str, str]:
    """Return the columns that were renamed, by the name that they have here.

    Args:
        texts: Values of the flag; None where it was not given.
        known: The names.

    Raises:
        ConfigError: A value is not NAME=COLUMN, or the name is unknown.

    >>> renamed_columns(["hours = h"], ["area", "hours"])
    {'hours': 'h'}
    """
    renamed = {}
    for text in texts or ():
        name, _, column = (part.strip() for part in text.partition("="))
        if name not in known or not column:
            raise ConfigError(f"--column: expected NAME=COLUMN with NAME one of {', '.join(known)}")
        renamed[name] = column
    return renamed
