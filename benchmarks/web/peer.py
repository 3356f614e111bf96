"""``python -m benchmarks.web.peer PORT BYTES``: Django with one view that answers JSON of a fixed size, on uvicorn."""

from __future__ import annotations

import sys

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

_BODY = b'{"filler": "%s"}' % (b"x" * int(sys.argv[2]))


async def answer(_request: HttpRequest) -> HttpResponse:
    """Answer the same each time."""
    return HttpResponse(_BODY, content_type="application/json", headers={"Content-Length": str(len(_BODY))})


urlpatterns = [path("answer", answer)]


if __name__ == "__main__":
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], DEBUG=False, MIDDLEWARE=[])
    uvicorn.run(
        get_asgi_application(), host="127.0.0.1", port=int(sys.argv[1]), http="h11", ws="none", log_level="error"
    )
