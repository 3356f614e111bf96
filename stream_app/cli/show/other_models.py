"""Says which models a topic contains beside those of the policy: what is not shown is not left unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from stream_app.cli.output import notes
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.alerts import Alert, MonitoringRestart, SealedAlert
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.selection import Selection

Record = TypeVar("Record", bound=Result | OutcomeResult | Alert | MonitoringRestart | SealedAlert)
_MOST_NAMED = 5


class OtherModels:
    """Remembers the models of records that are not selected.

    Args:
        selection: What is shown.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._names: set[str] = set()

    def note(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass records on, and remember the models that are not selected."""
        for record in records:
            if not self._selection.has_model(record.model):
                self._names.add(model_of(record.model))
            yield record

    def print_note(self) -> None:
        """Name the models that were not shown, if there are any."""
        names = sorted(self._names)
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            shown = ", ".join(names[:_MOST_NAMED])
            notes.print(f"Not shown: model {shown}{more}. Choose with --policy and --model.", markup=False)
