"""What was shown of a log before, and what may be shown beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.withholding import Cell, OnProgress, ReleasedTable, choose_shown
from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.errors import ReleaseRefusedError
from stream_app.pipeline.records.results import CROSS
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings


@dataclass(frozen=True)
class FormerReleases:
    """What was shown of a log before.

    Attributes:
        settings: Where the ledger is.
        model: The policy of the model.
        topic: The topic that is read; published events are those of the raw topic.
        live: What the live judge has published of the same time.
        on_progress: Called while tables are compared, with the number of those that are done and of all.
    """

    settings: Settings
    model: ModelPolicy
    topic: str
    live: Sequence[ReleasedTable] = ()
    on_progress: OnProgress = lambda _, __: None

    @contextmanager
    def opened(self) -> Iterator[Knowledge]:
        """Yield what was shown; what is added is noted after the block, unless that ends with an error.

        Raises:
            ConfigError: the ledger is unsafe, or was changed by something else.
            WriteError: it cannot be written.
        """
        log = self.model.topic if self.topic == self.model.output_topic else self.topic
        k = self.model.privacy.k
        with ReleaseFile(Path(self.settings.state_dir)).release(self.model.name, log, k) as knowledge:
            yield knowledge

    def choose(self, knowledge: Knowledge, tables: Sequence[ReleasedTable]) -> list[set[Cell]]:
        """Return what each table may show.

        Raises:
            ReleaseRefusedError: nothing of them can be shown.
        """
        kept = choose_shown(knowledge, tables, self.live, self.on_progress)
        if any(table.shown for table in tables) and not any(kept):
            raise self.refused(tables)
        return kept

    def refused(self, tables: Sequence[ReleasedTable]) -> ReleaseRefusedError:
        """Return the error where nothing of some tables can be shown."""
        names = dict.fromkeys(CROSS.join(table.attributes) for table in tables if table.shown)
        return ReleaseRefusedError(
            f"Nothing of it can be shown: beside what was shown before of {self.model.name}, each count would reveal "
            f"fewer than {self.model.privacy.k} people of {', '.join(names)}",
            action="Take the same range or window as before, a longer one, or a larger k",
        )
