"""Looks for a canary in the web application: its pages and its API as every role, and everything in its database."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from stream_app.web_app.history.bodies import decompress
from tests.support.canary.stage import Stage
from tests.support.web.application import Application, wait_until
from tests.support.web.pages import PASSWORD

ROLES = ("viewer", "analyst", "auditor", "administrator")
_LINK = re.compile(r'href="(/[^"#]*)"')
_MOST_PAGES = 60
_WELCOME = re.compile(r"/welcome/(\S+)")


class Found(NamedTuple):
    """What was read.

    Attributes:
        texts: Every page and answer, by who asked and where.
        values: Every value of every table, by table and column.
    """

    texts: dict[str, str]
    values: list[tuple[str, bytes]]


def search_web(stage: Stage) -> Found:
    """Run the web application beside the worker, and read all of it as every role."""
    application = Application(stage.folder, stage.environ)
    texts: dict[str, str] = {}
    with application.run():
        application.become_administrator()
        tokens = {role: _token(application, role) for role in ROLES}
        results = f"/api/results?model={stage.loans}"
        wait_until(
            "a result is stored",
            lambda: '"groups"' in _ask(application.address + results, tokens["viewer"]),
            application.log_tail,
        )
        for role, token in tokens.items():
            for path in _api_paths(application.address, stage.loans):
                texts[f"{role} {path}"] = _ask(application.address + path, token)
            reader = _logged_in(application, role)
            texts |= {f"{role} {path}": text for path, text in _crawl(reader)}
        values = [*_values(stage.folder / "web.sqlite3")]
    return Found(texts, values)


def _token(application: Application, role: str) -> str:
    made = application.command("tokens", "create", "a search", "--role", role)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def _logged_in(application: Application, role: str) -> Application:
    """Return the application as a new user with a role sees it."""
    made = application.command("create-user", f"a-{role}", "--role", role)
    found = _WELCOME.search(made.stdout + made.stderr)
    assert found is not None, made.stderr
    reader = Application(application.folder, application.environ, application.address)
    reader.send(f"{application.address}/welcome/{found[1]}", password=PASSWORD, repeated=PASSWORD)
    reader.send(f"{application.address}/login", username=f"a-{role}", password=PASSWORD)
    return reader


def _crawl(reader: Application) -> Iterator[tuple[str, str]]:
    """Yield the pages that links lead to, from the overview on."""
    waiting, seen = ["/"], {"/"}
    while waiting and len(seen) < _MOST_PAGES:
        path = waiting.pop(0)
        text = reader.page(reader.address + path)
        yield path, text
        links = [link.replace("&amp;", "&") for link in _LINK.findall(text)]
        fresh = [link for link in dict.fromkeys(links) if link not in seen and not link.startswith("/runbooks/")]
        seen |= {*fresh}
        waiting += fresh


def _api_paths(address: str, model: str) -> Iterator[str]:
    """Yield every reading route of the API, with the model where it takes one."""
    for path, operations in json.loads(_ask(f"{address}/api/openapi.json", ""))["paths"].items():
        names = {parameter["name"] for parameter in operations.get("get", {}).get("parameters", ())}
        if "get" in operations and "{" not in path:
            chosen = {"model": model, "attribute": "gender", "source": "live"}
            yield path
            yield f"{path}?{'&'.join(f'{name}={value}' for name, value in chosen.items() if name in names)}"


def _ask(address: str, token: str) -> str:
    request = Request(address, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310  # ours
    try:
        with urlopen(request, timeout=120) as answer:  # noqa: S310  # ours
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.read().decode()


def _values(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every value of a database, in the form in which it is stored and in that in which it is read."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
        for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = base.execute(f'SELECT * FROM "{table}"')  # noqa: S608  # its own names
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    yield f"{table}.{column}", raw
                    yield from ((f"{table}.{column}", form) for form in _decoded(column, raw))


def _decoded(column: str, raw: bytes) -> Iterator[bytes]:
    if column == "body":
        yield decompress(raw)
    if column == "session_data":
        payload = raw.partition(b":")[0]
        packed = base64.urlsafe_b64decode(payload.lstrip(b".") + b"=" * (-len(payload.lstrip(b".")) % 4))
        yield zlib.decompress(packed) if payload.startswith(b".") else packed
