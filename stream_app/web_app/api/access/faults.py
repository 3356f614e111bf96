"""How a route says that it cannot answer."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest, HttpResponse

from stream_app.web_app.host.api_errors import error_body, new_request_id

_ID = "fairstream.request_id"


class ApiError(Exception):
    """The answer is an error.

    Args:
        status: Its HTTP status.
        message: What to do, without anything that was sent; empty for the words of the status.
        parameters: Names of the parameters or fields that are invalid.
    """

    def __init__(self, status: int, message: str = "", *, parameters: Collection[str] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.parameters = status, message, parameters


def request_id(request: HttpRequest) -> str:
    """Return the id of a request, which its answer carries."""
    made: str = request.META.setdefault(_ID, new_request_id())
    return made


def answer_error(
    request: HttpRequest, status: int, message: str = "", *, parameters: Collection[str] = ()
) -> HttpResponse:
    """Return an error as JSON."""
    body = error_body(status, request_id(request), message=message, parameters=parameters)
    return HttpResponse(body, status=status, content_type="application/json")
