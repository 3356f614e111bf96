"""Bounds the head, the body and the time of each request, before Django sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from stream_app.web_app.host.api_errors import error_body, is_api, new_request_id

MAX_BODY = 65_536
MAX_HEAD = 16_384
MAX_S = 30.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]


class RequestLimits:
    """An ASGI application that reads a head of at most 16 KiB, a body of at most 64, and answers within 30 seconds.

    Args:
        application: The application behind it.
        max_s: Seconds for body and answer.
    """

    def __init__(self, application: Application, max_s: float = MAX_S) -> None:
        self._application = application
        self._max_s = max_s

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or say 431, 413 or 408."""
        has_begun = False

        async def note(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._max_s):
                if _head_size(scope) > MAX_HEAD:
                    await _answer(scope, note, 431, b"The head of the request is too large.\n")
                    return
                body = await _read_body(receive)
                if body is None:
                    await _answer(scope, note, 413, b"The request is too large.\n")
                else:
                    await self._application(scope, _replay(body, receive), note)
        except TimeoutError:
            if not has_begun:
                await _answer(scope, send, 408, b"The request took too long.\n")


def _head_size(scope: MutableMapping[str, Any]) -> int:
    headers = sum(len(name) + len(value) for name, value in scope.get("headers", ()))
    return headers + len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))


async def _read_body(receive: Receive) -> list[Message] | None:
    """Return the messages of a request up to its end; None when the body is too large."""
    messages, n_bytes, has_more = [], 0, True
    while has_more:
        message = await receive()
        messages.append(message)
        n_bytes += len(message.get("body", b""))
        if n_bytes > MAX_BODY:
            return None
        has_more = message["type"] == "http.request" and message.get("more_body", False)
    return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """Return a function that gives the messages again, then those that come later."""
    rest = iter(messages)

    async def next_message() -> Message:
        message = next(rest, None)
        return await receive() if message is None else message

    return next_message


async def _answer(scope: MutableMapping[str, Any], send: Send, status: int, text: bytes) -> None:
    media_type = b"text/plain; charset=utf-8"
    if is_api(scope.get("path", "")):
        text, media_type = error_body(status, new_request_id()), b"application/json"
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
