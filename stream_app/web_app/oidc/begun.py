"""Logins that were begun and have not come back: in a signed cookie of the browser, and stored nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest, HttpResponse

COOKIE = "fairstream-login"
PATH = "/oidc/"
MAX_S = 900
_MOST = 5  # in tabs side by side
_MAX_BYTES = 3800  # of a cookie browsers keep 4,096 with its name
_STATES, _NEXT = "oidc_states", "oidc_login_next"


class BegunLogins(SessionStore):
    """What the client library keeps in a session between the way to the provider and the way back.

    Signed, so nobody can make one, and not encrypted: it is of the browser that has it.
    """

    def get_session_cookie_age(self) -> int:
        """Return after how many seconds a begun login ends."""
        return MAX_S


def with_begun_logins(request: HttpRequest, answer: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """Answer a request whose session is that of begun logins meanwhile; ``stored_session`` is the other one."""
    request.user.is_authenticated  # noqa: B018  # found out while the session is the stored one
    request.stored_session = request.session  # type: ignore[attr-defined]  # of the callback
    begun = request.session = BegunLogins(request.COOKIES.get(COOKIE))
    try:
        response = answer(request)
        if isinstance(request.session, BegunLogins):  # the library reads it again while it asks the provider
            begun = request.session
        else:
            begun.pop(_NEXT, None)  # the person has come back
    finally:
        request.session = request.stored_session  # type: ignore[attr-defined]  # as above
    _send(request, response, begun)
    return response


def _send(request: HttpRequest, response: HttpResponse, begun: BegunLogins) -> None:
    """Send the logins that can still come back, the newest ones."""
    states = begun.get(_STATES)
    if not states:
        if COOKIE in request.COOKIES:
            response.delete_cookie(COOKIE, path=PATH, samesite="Lax")
        return
    begun[_STATES] = dict(sorted(states.items(), key=lambda item: item[1]["added_on"])[-_MOST:])
    begun.save()
    if len(begun.session_key or "") > _MAX_BYTES:  # a long address to go on to
        begun.pop(_NEXT, None)
        begun.save()
    response.set_cookie(
        COOKIE,
        begun.session_key or "",
        max_age=MAX_S,
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
