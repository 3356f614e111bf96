"""The threads that answer requests: heads, cookies, bodies, connections that stay, and requests that are none."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from stream_app.web_app.host.garbage import spare_what_is_loaded
from stream_app.web_app.host.request_threads import RequestThreads
from tests.support.web.pages import HOST

_seen: list[int] = []


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(address: str, *parts: bytes, method: str = "GET", query: bytes = b"", is_gone: bool = False) -> list[Answer]:
    """Send one request, its body in parts, and return the answers."""
    sent: list[dict[str, Any]] = []
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        + [{"type": "http.disconnect"} if is_gone else {"type": "http.request"}]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": address, "query_string": query}
    scope |= {"headers": [(b"host", HOST.encode()), (b"content-type", b"application/json")]}
    asyncio.run(RequestThreads(1)(scope, receive, send))
    return [
        Answer(start["status"], {k.decode(): v.decode("latin-1") for k, v in start["headers"]}, body["body"])
        for start, body in zip(sent[::2], sent[1::2], strict=True)
    ]


def note_connection(_request: HttpRequest) -> HttpResponse:
    """Note which connection to the database this thread has."""
    connection.ensure_connection()
    _seen.append(id(connection.connection))
    return HttpResponse(b"noted")


urlpatterns = [
    path("echo", lambda request: HttpResponse(request.body)),
    path("stream", lambda _: StreamingHttpResponse([b"one ", b"two"])),
    path("note", note_connection),
]


@pytest.fixture
def own_routes() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        yield


def test_a_page_has_its_headers_and_each_cookie() -> None:
    [answer] = ask("/login")
    assert answer.status == 200
    assert answer.headers["Set-Cookie"].startswith("csrftoken=")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert b"<form" in answer.body


@pytest.mark.usefixtures("own_routes")
def test_a_body_arrives_in_any_number_of_parts_and_an_answer_in_one() -> None:
    assert ask("/echo", b"a", b"", b"bc", method="POST")[0].body == b"abc"
    assert ask("/echo", method="POST")[0].body == b""
    assert ask("/stream")[0].body == b"one two"


@pytest.mark.usefixtures("own_routes")
def test_a_client_that_has_gone_gets_no_answer() -> None:
    assert ask("/echo", b"a", method="POST", is_gone=True) == []


@pytest.mark.parametrize("query", [b"\xff", b"model=\xc3\x28"])
def test_a_query_that_is_no_text_is_invalid(query: bytes) -> None:
    assert ask("/login", query=query)[0].status == 400
    [answer] = ask("/api/results", query=query)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "bad_request")


@pytest.mark.usefixtures("own_routes")
def test_a_thread_keeps_its_connection_to_the_database() -> None:
    threads = RequestThreads(1)
    _seen.clear()

    def scope() -> dict[str, Any]:
        return {"type": "http", "method": "GET", "path": "/note", "query_string": b"", "headers": [(b"host", b"x")]}

    async def request() -> dict[str, Any]:
        return {"type": "http.request"}

    async def ignore(_message: object) -> None:
        return

    async def ask_thrice(make: Callable[[], dict[str, Any]]) -> None:
        for _ in range(3):
            await threads(make(), request, ignore)

    asyncio.run(ask_thrice(scope))
    assert len(_seen) == 3
    assert len({*_seen}) == 1


def test_collections_of_garbage_spare_what_was_loaded_before_the_first_request() -> None:
    try:
        spare_what_is_loaded()
        assert gc.get_freeze_count() > 50_000
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        gc.unfreeze()
