"""The pages of what went wrong; none shows what was asked."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from stream_app.web_app.host.audit_trail import AuditRejectedError


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
        except DatabaseError:
            return _database_fault(request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer where a view failed."""
        if isinstance(error, AuditRejectedError):
            return _audit_fault(request)
        return _database_fault(request) if isinstance(error, DatabaseError) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that FairStream has failed."""
    text = "FairStream could not make this page. The log of the process says why."
    return render(request, "error.html", {"title": "Error", "text": text}, status=500)


def _audit_fault(request: HttpRequest) -> HttpResponse:
    text = "Nothing was changed: the audit log accepts no entry. The log of the process says why."
    return render(request, "error.html", {"title": "Not done", "text": text}, status=503)


def _database_fault(request: HttpRequest) -> HttpResponse:
    text = "The database does not answer, or its disk is full. What was stored is safe; load the page again later."
    return render(request, "error.html", {"title": "No database", "text": text}, status=503)
