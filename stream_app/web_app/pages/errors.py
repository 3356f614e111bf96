"""The pages of what went wrong; none shows what was asked."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from stream_app.web_app.host.api_errors import is_api, new_request_id
from stream_app.web_app.host.audit_trail import AuditRejectedError
from stream_app.web_app.host.database_faults import NOTED, fault_of

log = logging.getLogger(__name__)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Say that there is no such page."""
    return render(request, "error.html", {"title": "Not found", "text": "There is no such page."}, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Say that the request cannot be understood, for example because it names another host."""
    return render(request, "error.html", {"title": "Bad request", "text": "This request is invalid."}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Say which role is missing."""
    text = "Your user has no role that may open this page. Ask an administrator for one."
    return render(request, "error.html", {"title": "Forbidden", "text": text, "can_leave": True}, status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Say that a form was too old, or came from elsewhere."""
    text = "This form has expired, or was sent from another site. Go back, load the page again and repeat."
    return render(request, "error.html", {"title": "Form expired", "text": text}, status=403)


class DatabaseFaults:
    """Answers 503 where the database does not answer or cannot be written, or the audit log accepts no entry.

    Args:
        get_response: The next middleware.
    """

    def __init__(self, get_response: object) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        try:
            response: HttpResponse = self._get_response(request)  # type: ignore[operator]  # Django's callable
        except DatabaseError as error:
            return _database_fault(request, error)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer where a view failed."""
        if isinstance(error, AuditRejectedError):
            return _audit_fault(request)
        return _database_fault(request, error) if isinstance(error, DatabaseError) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that FairStream has failed."""
    text = "FairStream could not make this page. The log of the process says why."
    return render(request, "error.html", {"title": "Error", "text": text}, status=500)


def _audit_fault(request: HttpRequest) -> HttpResponse:
    text = "Nothing was changed: the audit log accepts no entry. The log of the process says why."
    return render(request, "error.html", {"title": "Not done", "text": text}, status=503)


def _database_fault(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    fault, request_id = fault_of(error), new_request_id()
    request.META[NOTED] = fault
    if not is_api(request.path):  # whose line the gate writes
        log.error("page failed request_id=%s fault=%s", request_id, fault)
    text = f"{fault}. What was stored is safe, and nothing was changed now. Load the page again later."
    content = {"title": "No database", "text": text, "request_id": request_id}
    response = render(request, "error.html", content, status=503)
    response["X-Request-Id"] = request_id
    return response
