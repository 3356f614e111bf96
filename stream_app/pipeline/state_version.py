"""The version of a stored state is read before anything else of it: the rest may have another form."""

from __future__ import annotations

from collections.abc import Container

import msgspec

from stream_app.errors import StateError

_LATER = "Run the version of FairStream that wrote it, or a later one"
_EARLIER = "Upgrade version by version (docs/how-to/upgrade.md), or count again under a new FAIRSTREAM_APP_ID"


class VersionedHead(msgspec.Struct, array_like=True, frozen=True):
    """The head of a state of any version; what follows the version is not read."""

    version: int


def check_state_version(version: int, readable: Container[int], newest: int, what: str) -> None:
    """Check that this version reads a state.

    Args:
        version: That of the state.
        readable: The versions that are read.
        newest: The newest of them.
        what: Names the state in the error.

    Raises:
        StateError: another version wrote it; the message says which one to run.

    >>> check_state_version(5, (3, 4), 4, "The state of 'loans'")
    Traceback (most recent call last):
    stream_app.errors.StateError: The state of 'loans' has version 5, this FairStream reads up to 4. \
Run the version of FairStream that wrote it, or a later one
    """
    if version not in readable:
        raise StateError(
            f"{what} has version {version}, this FairStream reads up to {newest}",
            action=_LATER if version > newest else _EARLIER,
        )
