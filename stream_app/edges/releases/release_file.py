"""``STATE_DIR/releases.jsonl``: what was shown of ranges that people chose, on the disk before it is shown.

One line for each command that showed or withheld anything new: for each group the moments that its counts connect, with
the running count at each (``core.releases.tracks``); what was withheld, without its number. A line that was only begun
is nobody's, as nothing was shown then; the next writer removes it. Writers wait for each other. Many lines become one
for each log, in a new file that replaces the old one in one step: what follows from others is not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from stream_app.core.releases.knowledge import Knowledge, StoredChain, WithheldCount
from stream_app.core.releases.tracks import Moment
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.installation import RELEASES_FILE
from stream_app.edges.files.locks import Turn
from stream_app.edges.files.writing import make_folder, write_file
from stream_app.edges.releases.locked_file import LockedFile
from stream_app.errors import ConfigError

_TURN = Turn("Another process is noting a release", wait_s=10.0)
_MOST_LINES = 50


class _Set(NamedTuple):
    attribute: str
    members: tuple[tuple[str, ...], ...]
    values: list[int]


class _Chains(NamedTuple):
    """The chains that have the same moments."""

    moments: list[int | float]
    sets: list[_Set]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    topic: str
    chains: list[_Chains]
    withheld: list[WithheldCount] = []


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
            own = [line for line in lines if (line.model, line.topic) == (model, topic)]
            knowledge = Knowledge(k, _stored(own), (count for line in own for count in line.withheld))
            yield knowledge
            news, withheld = knowledge.news(), knowledge.newly_withheld()
            if news or withheld:
                lines.append(_Line(model, topic, _shared(news), withheld))
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
    of_log: dict[tuple[str, str], list[_Line]] = defaultdict(list)
    for line in lines:
        of_log[line.model, line.topic].append(line)
    for (model, topic), own in of_log.items():
        withheld = dict.fromkeys(count for line in own for count in line.withheld)
        yield _Line(model, topic, _shared(Knowledge(0, _stored(own)).everything()), [*withheld])


def _stored(lines: Iterable[_Line]) -> Iterator[StoredChain]:
    for line in lines:
        for moments, sets in line.chains:
            for attribute, members, values in sets:
                yield StoredChain(attribute, members, moments, values)


def _shared(stored: Iterable[StoredChain]) -> list[_Chains]:
    """Return chains with the moments of several once."""
    by_moments: dict[tuple[Moment, ...], _Chains] = {}
    for attribute, members, moments, values in stored:
        chains = by_moments.setdefault(tuple(moments), _Chains(list(moments), []))
        chains.sets.append(_Set(attribute, members, values))
    return list(by_moments.values())


def _encode(line: _Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"
