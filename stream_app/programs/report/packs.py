"""Reads packs: those that are shipped, and files of a deployment."""

from __future__ import annotations

from pathlib import Path

import stream_app
from stream_app.errors import ConfigError
from stream_app.pipeline.reports.pack import Pack, parse_pack
from stream_app.small_file import cannot_read, read_small_file

SHIPPED = Path(stream_app.__file__).parent / "packs"


def pack_names() -> list[str]:
    """List the names of the shipped packs.

    >>> "nyc-ll144" in pack_names()
    True
    """
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_pack(source: str) -> Pack:
    """Read a pack.

    Args:
        source: Name of a shipped pack, or path of a TOML file.

    Raises:
        ConfigError: there is no such pack, or it is invalid.
    """
    path = SHIPPED / f"{source}.toml" if source in pack_names() else Path(source)
    try:
        return parse_pack(read_small_file(path))
    except UnicodeDecodeError:
        raise ConfigError(f"The pack {source!r} is not UTF-8 text", action="Save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            raise cannot_read(f"the pack {source!r}", error) from None
        known = ", ".join(pack_names())
        raise ConfigError(f"No pack {source!r}", action=f"Give a TOML file, or one of: {known}") from None
