"""Tasks of asyncio that end when they are canceled, and only after they have closed what they opened."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

_BEGIN_S = 5.0  # a broker that is there answers sooner


async def begin(opening: Coroutine[object, object, None]) -> None:
    """Await what opens a client, also where the current task is canceled meanwhile; then it can be closed as a whole.

    aiokafka's clients forget a connection that they were opening when they are canceled: nothing closes it before the
    garbage collector does. A client that has not opened within some seconds after the cancellation is abandoned.

    Args:
        opening: What starts a client, which the caller closes in any case.

    Raises:
        asyncio.CancelledError: the current task was canceled.
        Exception: what the client raised.
    """
    task = asyncio.ensure_future(opening)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_BEGIN_S)
        if not task.done():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


async def finish(closing: Coroutine[object, object, None]) -> None:
    """Await what closes something to its end, also where the current task is canceled meanwhile.

    aiokafka's clients swallow a cancellation that arrives while they stop, or leave their connections open. The task
    would continue, and its end would be awaited forever.

    Args:
        closing: What closes a client or a connection.

    Raises:
        asyncio.CancelledError: the current task was canceled; what had to be closed is closed.
    """
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def raise_if_canceled() -> None:
    """Raise the cancellation of the current task where something that it awaited has swallowed it.

    ``asyncio.wait_for`` does so before Python 3.12 when what it waits for is done at the same moment. A task that
    others cancel calls this in its loops.

    Raises:
        asyncio.CancelledError: the task was canceled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
