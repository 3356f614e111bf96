"""The pseudonym keys of a running worker: read at its start, and again when their file has changed."""

from __future__ import annotations

import asyncio
import logging

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.keys.key_source import KeySource, identity_of
from stream_app.edges.keys.suppression_file import SuppressionFile
from stream_app.errors import FairStreamError

LOOK_EVERY_S = 10.0

log = logging.getLogger(__name__)


class WorkerKeys:
    """The keys of a worker.

    A file that is missing or malformed for a while changes nothing: the worker keeps the keys that it has, and says so.

    Args:
        source: Where the keys are.
        suppression: Whom no event may name; None for nobody.

    Attributes:
        keys: The keys as of the last look.
        suppressed: Pseudonyms of people who were erased, likewise.

    Raises:
        KeyFileError: they are missing, unsafe or malformed.
        KeysUnavailableError: the server that has them does not answer.
    """

    def __init__(self, source: KeySource, suppression: SuppressionFile | None = None) -> None:
        self._source, self._suppression = source, suppression
        self._revision = self._present_revision()  # first: a change while the files are read is seen later
        self.keys: tuple[RootKey, ...] = source.load()
        self.suppressed = self._load_suppressed()

    async def wait_for_change(self) -> str:
        """Wait until there are other keys, which are then in ``keys``; return what changed."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if reason := self.look():
                return reason

    def look(self) -> str:
        """Look once; return what changed, or nothing."""
        revision = self._present_revision()
        if revision == self._revision:
            return ""
        self._revision = revision
        try:
            keys, suppressed = self._source_keys(), self._load_suppressed()
        except FairStreamError as error:
            log.error("Pseudonym keys changed and cannot be used, keeping the former: %s", error)  # noqa: TRY400
            return ""
        former, self.keys = {key.kid for key in self.keys}, keys
        n_more, self.suppressed = len(suppressed - self.suppressed), suppressed
        present = {key.kid for key in keys}
        if former == present and not n_more:
            return ""
        names = (
            f"new={','.join(sorted(present - former)) or 'none'} gone={','.join(sorted(former - present)) or 'none'}"
        )
        return names + (f" suppressed={n_more}" if n_more else "")

    def _source_keys(self) -> tuple[RootKey, ...]:
        """Return the keys; those of a source that is asked once are kept."""
        return self.keys if self._source.revision() is None else self._source.load()

    def _load_suppressed(self) -> frozenset[str]:
        return frozenset() if self._suppression is None else self._suppression.load()

    def _present_revision(self) -> object:
        path = None if self._suppression is None else self._suppression.path
        return self._source.revision(), None if path is None else identity_of(path)
