"""What a page costs does not depend on how much history there is: the steps of the database are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.db import connection

from benchmarks.web.pages import addresses, measure_pages
from stream_app.pipeline.disclosure.shown import disclose_window
from stream_app.web_app.history.keeping import DAY_S
from stream_app.web_app.projection.models import WindowRow
from stream_app.web_app.projection.store import models_disclosed_below
from tests.support.web.pages import browser
from tests.support.web.programs import Program, make_token
from tests.support.web.stored_alerts import breach, store_alerts
from tests.support.web.window_results import MODEL, POLICY, race_result

WINDOW = MODEL.windows[0]
ATTRIBUTES = [attribute.name for attribute in MODEL.attributes]
N_SHORT, N_LONG = 2_500, 7_500
MAX_GROWTH = 1.5
EVERY_STEPS = 100


class Steps:
    """Counts steps of SQLite's machine, by hundreds."""

    n = 0

    def __call__(self) -> int:
        self.n += 1
        return 0


@pytest.fixture
def steps() -> Iterator[Steps]:
    counted = Steps()
    connection.connection.set_progress_handler(counted, EVERY_STEPS)
    yield counted
    connection.connection.set_progress_handler(None, 0)


def add_windows(first: int, last: int) -> None:
    """Store windows of every attribute, numbered backward: older ones are added."""
    body = msgspec.json.encode(disclose_window(race_result(100), MODEL.privacy.k))
    WindowRow.objects.bulk_create(
        (
            WindowRow(
                model=MODEL.name,
                attribute=attribute,
                window=WINDOW.name,
                end_s=1_000_000_000 - number * 3600,
                order_s=0,
                revision=0,
                state="ok",
                k=MODEL.privacy.k,
                body=body,
            )
            for number in range(first, last)
            for attribute in ATTRIBUTES
        ),
        batch_size=5000,
    )


def steps_of(opened: dict[str, str], steps: Steps) -> dict[str, int]:
    """Return how many steps each address takes."""
    clients: dict[bool, Any] = {False: browser("auditor"), True: Program(make_token("auditor"))}
    counts = {}
    for name, address in opened.items():
        before = steps.n
        answer = clients[address.startswith("/api")].get(address)
        assert answer.status_code in (200, 403, 503), (name, answer.content[:300])
        counts[name] = steps.n - before
    return counts


def test_no_page_works_more_for_three_times_the_history(steps: Steps) -> None:
    store_alerts(*(breach(pane_s=number, at_s=1_000_000_000 - number * DAY_S) for number in range(30)))
    opened = addresses(POLICY, 1_000_000_000)
    add_windows(0, N_SHORT)
    short = steps_of(opened, steps)
    add_windows(N_SHORT, N_LONG)
    long = steps_of(opened, steps)
    assert {name: (short[name], n) for name, n in long.items() if n > MAX_GROWTH * short[name] + 20} == {}
    assert max(long.values()) < 6 * N_SHORT  # of a scan of all rows there would be far more


def test_the_start_does_not_read_the_history(steps: Steps) -> None:
    add_windows(0, N_SHORT)
    before = steps.n
    assert models_disclosed_below(POLICY) == []
    assert steps.n - before < 5


def test_the_benchmark_measures_every_page() -> None:
    store_alerts(breach())
    figures = measure_pages(addresses(POLICY, 1_000_000_000), 1)
    wrong = {name: page["status"] for name, page in figures["pages"].items() if page["status"] not in (200, 503)}
    assert wrong == {"api explanation": 404}, "there is no result"
    assert all(page["queries"] < 30 for page in figures["pages"].values())
