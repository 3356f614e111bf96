"""Stores an endless history as the projection stores it: ``python -m tests.support.web.long_history FOLDER``."""

from __future__ import annotations

import sys
from itertools import count

import msgspec

from stream_app.edges.kafka.readers.resumed_records import Position
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_RESULTS
from stream_app.web_app.program import prepare
from tests.support.web.window_results import POLICY, WINDOW_S, race_result, run_of

_N_RECORDS = 200  # of a run, as the reader delivers them


def main(folder: str) -> None:
    """Store run after run, without waiting for anything, until somebody ends the process."""
    prepare(Settings(state_dir=folder))
    from stream_app.web_app.projection.store import Store  # noqa: PLC0415  # needs Django's settings
    from stream_app.web_app.projection.turns import turn  # noqa: PLC0415  # the same

    ends = [WINDOW_S * number for number in range(1, 1 + _N_RECORDS)]
    first = run_of([msgspec.structs.replace(race_result(WINDOW_S), end_s=end_s) for end_s in ends])
    store, before = Store(POLICY), None
    for number in count(1):  # the same windows again and again
        run = first._replace(after=Position(first.after.topic_id, number * _N_RECORDS))
        with turn():
            store.apply(FAIRNESS_RESULTS, before, run)
        before = run.after


if __name__ == "__main__":
    main(sys.argv[1])
