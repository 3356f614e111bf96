"""The file with the pseudonyms of people who were erased: no event and no export names them any more.

It is next to the key file and as private, since a pseudonym of someone who was erased says that there was a request.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from stream_app.edges.files.key_file import create_private_file, key_file_path, read_key_file
from stream_app.edges.files.writing import write_file
from stream_app.errors import KeyFileError

FILE_NAME = "suppressed.json"
_SEE = "fairstream subject erase"

_Pseudonym = Annotated[str, msgspec.Meta(pattern=r"^hm1\.[a-z2-7]{6,8}\.[A-Za-z0-9_-]{22}$")]


class _Suppression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal[1]
    pseudonyms: list[_Pseudonym]


class SuppressionFile:
    """The suppressed pseudonyms of a state folder.

    Args:
        state_dir: The state folder.

    Attributes:
        path: The file; there is none before the first erasure.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = key_file_path(state_dir).with_name(FILE_NAME)

    def load(self) -> frozenset[str]:
        """Return the pseudonyms.

        Raises:
            KeyFileError: the file is unsafe or malformed.
        """
        if not self.path.exists() and not self.path.is_symlink():
            return frozenset()
        try:
            stored = msgspec.json.decode(read_key_file(self.path), type=_Suppression)
        except msgspec.MsgspecError:
            raise KeyFileError(f"{self.path} cannot be read", action="Restore it from its backup") from None
        return frozenset(stored.pseudonyms)

    def add(self, pseudonyms: Iterable[str]) -> None:
        """Suppress more pseudonyms.

        Raises:
            KeyFileError: the file is unsafe or malformed.
            WriteError: it cannot be written; it stays as it was.
        """
        content = msgspec.json.encode(_Suppression(1, sorted(self.load().union(pseudonyms))))
        if self.path.exists():
            write_file(self.path, content, is_private=True)
        else:
            create_private_file(self.path, content, see=_SEE)
