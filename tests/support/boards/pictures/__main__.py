"""``python -m tests.support.boards.pictures FOLDER`` draws the pictures of ``docs/``, from recorded samples."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.boards.board_checks import Source
from tests.support.boards.metric_scenario import LENGTH_S, as_openmetrics, scenario
from tests.support.boards.pictures.page import View, draw, photograph
from tests.support.boards.series import BREACH_S
from tests.support.servers.recorded_prometheus import RecordedPrometheus

START_S = 1_790_000_000 // 3600 * 3600
ENDS_S = {"started": 45, "fair": BREACH_S - 60, "breach": LENGTH_S}
_TOP = ("All models", "Verdict", "Groups")
PICTURES = {
    "overview-started": View("fairstream-fairness", 1100, "dark", rows=_TOP),
    "overview-fair": View("fairstream-fairness", 1100, "light", rows=_TOP),
    "overview-breach": View("fairstream-fairness", 1100, "dark", rows=_TOP),
    "explanation-breach": View(
        "fairstream-explanation", 1100, "light", rows=("Open breaches, since their onset", "Shortfall")
    ),
    "amounts-breach": View("fairstream-amounts", 1100, "dark", rows=("Verdict", "Groups", "Over time")),
    "intersections-breach": View("fairstream-intersections", 1100, "dark", rows=("Now", "Worst")),
    "replay-breach": View("fairstream-replay", 1100, "light", rows=("Now", "Live and replay", "Differences")),
}


def main(folder: Path) -> None:
    """Write all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        server = RecordedPrometheus(Path(state) / "prometheus")
        server.record(as_openmetrics(scenario(START_S), START_S))
        with server:
            for name, view in PICTURES.items():
                end_s = START_S + ENDS_S[name.partition("-")[2]]
                page = folder / f"{name}.html"
                page.write_text(draw(Source(server.api, START_S - 300, end_s), view), "utf-8")
                photograph(page, view.width)
                page.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
