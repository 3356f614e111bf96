"""The two pages of a login by a provider: the way there, and the way back."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from stream_app.web_app.accounts.access import PUBLIC, page
from stream_app.web_app.oidc.backend import callback_address, oidc_setting
from stream_app.web_app.oidc.claims import LoginRejectedError

_AGAIN = "This login has expired, or was begun elsewhere. Log in again"

log = logging.getLogger(__name__)


class _Request(OIDCAuthenticationRequestView):  # type: ignore[misc]  # has no hints
    get_settings = staticmethod(oidc_setting)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        return {"redirect_uri": callback_address(request)}


class _Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]  # has no hints
    get_settings = staticmethod(oidc_setting)

    def get(self, request: HttpRequest) -> HttpResponse:
        if "error" in request.GET:  # whoever is logged in stays so: anybody can make such a link
            return _rejected(request, "The identity provider has rejected this login")
        answer: HttpResponse = super().get(request)
        return answer

    def login_failure(self) -> HttpResponse:
        return _rejected(self.request, _AGAIN)


@page(PUBLIC)
def log_in_by_provider(request: HttpRequest) -> HttpResponse:
    """Send a person to the provider."""
    return _answer(_Request, request)


@page(PUBLIC)
def come_back(request: HttpRequest) -> HttpResponse:
    """Log a person in who comes back from the provider."""
    return _answer(_Callback, request)


def _answer(view: Any, request: HttpRequest) -> HttpResponse:
    try:
        answer: HttpResponse = view.as_view()(request)
    except LoginRejectedError as error:
        return _rejected(request, str(error))
    except SuspiciousOperation:  # a state that this browser has not sent
        return _rejected(request, _AGAIN)
    return answer


def _rejected(request: HttpRequest, reason: str) -> HttpResponse:
    log.warning("login by the provider rejected reason=%s", reason)
    return render(request, "error.html", {"title": "Not logged in", "text": f"{reason}."}, status=403)
