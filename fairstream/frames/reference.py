"""The reference of all DataFrames as Markdown tables; ``python -m fairstream.frames.reference`` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from fairstream.frames.amount_columns import AMOUNT_COLUMNS
from fairstream.frames.columns import Column
from fairstream.frames.detection_columns import ALARM_COLUMNS, DETECTOR_COLUMNS, PAIR_COLUMNS
from fairstream.frames.outcome_columns import OUTCOME_COLUMNS
from fairstream.frames.result_columns import ALERT_COLUMNS, RESULT_COLUMNS

FRAMES: dict[str, Sequence[Column]] = {
    "fairstream.results": RESULT_COLUMNS,
    "fairstream.alerts": ALERT_COLUMNS,
    "fairstream.outcome_results": OUTCOME_COLUMNS,
    "fairstream.amount_results": AMOUNT_COLUMNS,
    "Detection.alarms": ALARM_COLUMNS,
    "Detection.pairs": PAIR_COLUMNS,
    "Detection.detectors": DETECTOR_COLUMNS,
}


def as_markdown(columns: Sequence[Column]) -> str:
    """Return the columns of a DataFrame as a Markdown table.

    >>> print(as_markdown(DETECTOR_COLUMNS[:1]))
    | column | dtype | meaning |
    |---|---|---|
    | `group` | `string` | Group that is compared. |
    """
    return "\n".join(["| column | dtype | meaning |", "|---|---|---|", *_rows(columns)])


def _rows(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        categories = (" < " if column.is_ordered else ", ").join(f"`{name}`" for name in column.categories)
        meaning = (
            f"{column.meaning} {'Ordered' if column.is_ordered else 'One of'}: {categories}." if categories else ""
        )
        yield f"| `{column.name}` | `{column.dtype}` | {meaning or column.meaning} |"


if __name__ == "__main__":
    for frame, its_columns in FRAMES.items():
        sys.stdout.write(f"### {frame}\n\n{as_markdown(its_columns)}\n\n")
