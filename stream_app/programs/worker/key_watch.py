"""The pseudonym keys of a running worker: read at its start, and again when their file has changed."""

from __future__ import annotations

import asyncio
import logging

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.keys.key_source import KeySource
from stream_app.errors import FairStreamError

LOOK_EVERY_S = 10.0

log = logging.getLogger(__name__)


class WorkerKeys:
    """The keys of a worker.

    A file that is missing or malformed for a while changes nothing: the worker keeps the keys that it has, and says so.

    Args:
        source: Where the keys are.

    Attributes:
        keys: The keys as of the last look.

    Raises:
        KeyFileError: they are missing, unsafe or malformed.
        KeysUnavailableError: the server that has them does not answer.
    """

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._revision = source.revision()  # first: a change while the file is read is seen later
        self.keys: tuple[RootKey, ...] = source.load()

    async def wait_for_change(self) -> str:
        """Wait until there are other keys, which are then in ``keys``; return what changed."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if reason := self.look():
                return reason

    def look(self) -> str:
        """Look once; return what changed, or nothing."""
        revision = self._source.revision()
        if revision == self._revision:
            return ""
        self._revision = revision
        try:
            keys = self._source.load()
        except FairStreamError as error:
            log.error("Pseudonym keys changed and cannot be used, keeping the former: %s", error)  # noqa: TRY400
            return ""
        former, self.keys = {key.kid for key in self.keys}, keys
        present = {key.kid for key in keys}
        if former == present:
            return ""
        return f"new={','.join(sorted(present - former)) or 'none'} gone={','.join(sorted(former - present)) or 'none'}"
