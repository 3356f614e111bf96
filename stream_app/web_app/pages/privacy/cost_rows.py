"""What releases of counts have cost: epsilon by data set and day of event time."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from stream_app.core.noise.budget import spent
from stream_app.edges.releases.budget_file import BudgetFile
from stream_app.settings import Settings

_MOST_DAYS = 100


class CostRow(NamedTuple):
    """The releases of one data set about one day."""

    dataset: str
    day: str
    n_releases: int
    epsilon: str


def cost_rows(settings: Settings) -> list[CostRow]:
    """Return a row for each data set and day, the newest first, at most 100.

    Raises:
        FairStreamError: the file is unsafe, or was changed by something else.
    """
    charges = BudgetFile(Path(settings.state_dir)).charges()
    days = sorted({(charge.day, charge.dataset) for charge in charges}, reverse=True)[:_MOST_DAYS]
    return [
        CostRow(
            dataset,
            day,
            len({charge.release for charge in charges if (charge.dataset, charge.day) == (dataset, day)}),
            f"{float(spent(charges, dataset, day)):g}",
        )
        for day, dataset in days
    ]
