"""``STATE_DIR/releases.jsonl``: what was shown of ranges that people chose, on the disk before it is shown.

One line for each command that showed anything new: for each group the moments that its counts connect, with the running
count at each (``core.releases.tracks``). A line that was only begun is nobody's, as nothing was shown then; the next
writer removes it. Writers wait for each other. Many lines become one for each log, in a new file that replaces the old
one in one step: what follows from others is not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import msgspec

from stream_app.core.releases.knowledge import Knowledge, StoredChain
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.installation import RELEASES_FILE
from stream_app.edges.files.locks import Turn
from stream_app.edges.files.writing import make_folder, write_file
from stream_app.edges.releases.locked_file import LockedFile
from stream_app.errors import ConfigError

_TURN = Turn("Another process is noting a release", wait_s=10.0)
_MOST_LINES = 200


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    topic: str
    chains: list[StoredChain]


class ReleaseFile(LockedFile):
    """The ledger of releases of a state folder.

    Args:
        state_dir: The folder; created with mode 0700 when missing.
    """

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir / RELEASES_FILE, _TURN)

    @contextmanager
    def release(self, model: str, topic: str, k: int) -> Iterator[Knowledge]:
        """Yield what is known of a log, and note after the block what that has added. Nothing is noted after an error.

        What is shown must be shown after the block.

        Args:
            model: Name of the model.
            topic: The topic that is read.
            k: Fewest people about which anything may follow.

        Raises:
            ConfigError: the file is unsafe, or was changed by something else.
            WriteError: it cannot be written.
        """
        make_folder(self.path.parent)
        with self.locked() as descriptor:
            lines = self._lines(descriptor)
            own = (line.chains for line in lines if (line.model, line.topic) == (model, topic))
            knowledge = Knowledge(k, chain.from_iterable(own))
            yield knowledge
            if news := knowledge.news():
                lines.append(_Line(model, topic, news))
                self.append(descriptor, _encode(lines[-1]))
            if len(lines) > _MOST_LINES:
                write_file(self.path, b"".join(map(_encode, _joined(lines))), is_private=True)
        sync_folder(self.path.parent)

    def _lines(self, descriptor: int) -> list[_Line]:
        try:
            return [msgspec.json.decode(line, type=_Line) for line in self.read_lines(descriptor)]
        except msgspec.MsgspecError:
            raise ConfigError(
                f"{self.path} was changed by something else than FairStream", action="Restore it from a backup"
            ) from None


def _joined(lines: Sequence[_Line]) -> Iterator[_Line]:
    """Yield one line for each log: what follows from all of its lines, and no more."""
    of_log: dict[tuple[str, str], list[StoredChain]] = defaultdict(list)
    for line in lines:
        of_log[line.model, line.topic] += line.chains
    for (model, topic), chains in of_log.items():
        yield _Line(model, topic, Knowledge(0, chains).everything())


def _encode(line: _Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"
