"""``python -m benchmarks web-history``: a year of hourly results in the database, and what each page then costs."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.stage.bench import say
from benchmarks.stage.environment import environment
from stream_app.settings import Settings
from stream_app.web_app.program import prepare
from tests.support.servers.postgresql import open_postgresql

GOAL_MS = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--models", type=int, default=1000, help="models")
    parser.add_argument("--attributes", type=int, default=12, help="attributes of each model")
    parser.add_argument("--alerts", type=int, default=100, help="alerts of each model in the year")
    parser.add_argument("--postgresql", action="store_true", help="in a PostgreSQL that is started here, not in SQLite")
    parser.add_argument("--database-url", help="in this PostgreSQL, where it is kept and found again by the next run")
    parser.add_argument("--rounds", type=int, default=5, help="how often each page is opened")
    parser.add_argument("--folder", type=Path, help="where the database is kept, and found again by the next run")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Generate, measure and print; 1 if a page takes longer than 300 ms (median)."""
    with _database(arguments) as settings:
        figures = measure(settings, arguments)
    figures["environment"] = environment()
    print(json.dumps(figures), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 1 if figures["too_slow"] else 0


def measure(settings: Settings, arguments: argparse.Namespace) -> dict[str, Any]:
    """Fill the database, unless it is full, and open every page."""
    prepare(settings)
    from benchmarks.web.further import write_further  # noqa: PLC0415  # needs Django\'s settings
    from benchmarks.web.history import HOURS, Size, policy_of, write_history  # noqa: PLC0415  # needs Django\'s settings
    from benchmarks.web.pages import addresses, measure_pages, not_opened  # noqa: PLC0415  # needs Django\'s settings
    from stream_app.web_app.api.running import start_api  # noqa: PLC0415  # needs Django\'s settings
    from stream_app.web_app.pages.watched import watch  # noqa: PLC0415  # needs Django\'s settings
    from stream_app.web_app.projection.models import Verdict  # noqa: PLC0415  # needs Django\'s settings
    from stream_app.web_app.projection.store import models_disclosed_below  # noqa: PLC0415  # needs Django\'s settings

    newest = Verdict.objects.order_by("-end_s").first()
    end_s = int(time.time()) // 3600 * 3600 if newest is None else newest.end_s
    size = Size(arguments.models, arguments.attributes, arguments.alerts, end_s)
    policy = policy_of(size)
    watch(policy)
    start_api(settings)
    started, figures = time.monotonic(), dict[str, Any]()
    if newest is None:
        n_rows = write_history(size, policy)
        write_further(size, policy)
        n_results = size.n_models * size.n_attributes * HOURS
        figures |= {"results": n_results, "rows": n_rows, "fill_s": round(time.monotonic() - started)}
        say(f"{n_rows:,} rows are kept of {n_results:,} results; {figures['fill_s']} s")
    figures["bytes"] = _n_bytes(settings)
    started = time.monotonic()
    models_disclosed_below(policy)
    figures["start_ms"] = round(1000 * (time.monotonic() - started), 1)
    opened = addresses(policy, end_s)
    figures |= measure_pages(opened, arguments.rounds)
    figures["not_opened"] = not_opened(opened)
    figures["too_slow"] = {name: page["ms"] for name, page in figures["pages"].items() if page["ms"] > GOAL_MS}
    for name, page in sorted(figures["pages"].items(), key=lambda item: -item[1]["ms"]):
        say(
            f"{page['ms']:8.1f} ms  {page['cpu_ms']:8.1f} ms CPU  {page['queries']:3} queries  {page['status']}  {name}"
        )
    return figures


def _n_bytes(settings: Settings) -> int:
    if settings.database_url is None:
        return sum(path.stat().st_size for path in Path(settings.state_dir).glob("web.sqlite3*"))
    from django.db import connection  # noqa: PLC0415  # needs Django\'s settings

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


@contextmanager
def _database(arguments: argparse.Namespace) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="fairstream-history-") as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(state_dir=str(folder), api_writes_per_min=sys.maxsize, api_reads_per_min=sys.maxsize)
        if arguments.database_url:
            yield msgspec.structs.replace(settings, database_url=arguments.database_url)
        elif arguments.postgresql:
            with open_postgresql() as address:
                yield msgspec.structs.replace(settings, database_url=address)
        else:
            yield settings
