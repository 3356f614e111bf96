"""Answers requests in a few threads that stay, each with a connection of its own to the database.

Django's own ASGI handler starts a thread for each request, which opens the database again: that costs more than most
answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, NamedTuple

from django.core import signals
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from stream_app.web_app.host.api_errors import error_body, is_api, new_request_id
from stream_app.web_app.host.limits import Receive, Send

N_THREADS = 16


class _Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class RequestThreads(BaseHandler):
    """An ASGI application: Django's middleware and views, one request at a time in each thread.

    Args:
        n_threads: Most requests that are worked on at a time; others wait.
    """

    def __init__(self, n_threads: int = N_THREADS) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="request")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request whose body is bounded by what is in front of this."""
        body, has_more = BytesIO(), True
        while has_more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the client has gone
            body.write(message.get("body", b""))
            has_more = message.get("more_body", False)
        body.seek(0)
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, scope, body)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, scope: MutableMapping[str, Any], body: BytesIO) -> _Answer:
        set_script_prefix("/")
        signals.request_started.send(sender=type(self), scope=scope)
        response = self._respond(scope, body)
        try:
            headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
            headers += [
                (b"Set-Cookie", cookie.output(header="").strip().encode("ascii"))
                for cookie in response.cookies.values()
            ]
            content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]  # the kinds of answers share no type
            return _Answer(response.status_code, headers, content)
        finally:
            response.close()  # and with it what the request holds: its file, and a connection that has failed

    def _respond(self, scope: MutableMapping[str, Any], body: BytesIO) -> HttpResponseBase:
        try:
            request = ASGIRequest(scope, body)
        except UnicodeDecodeError:  # a query that is no UTF-8
            if is_api(scope["path"]):
                return HttpResponse(error_body(400, new_request_id()), status=400, content_type="application/json")
            return HttpResponse(b"This request is invalid.\n", status=400, content_type="text/plain; charset=utf-8")
        return self.get_response(request)
