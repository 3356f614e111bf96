"""Invites users, and changes their roles; the page of the list says what came of it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.management import UserError, change, invite_by
from stream_app.web_app.pages.users.user_list import ADMINISTRATORS, list_users


@page(ADMINISTRATORS, ("POST",))
def invite_user(request: HttpRequest) -> HttpResponse:
    """Show the one-time link of a new user, once."""
    try:
        token = invite_by(_administrator(request), request.POST.get("username", ""), request.POST.get("role", ""))
    except UserError as error:
        return list_users(request, {"fault": str(error)}, status=409)
    return list_users(request, {"link": request.build_absolute_uri(reverse("welcome", args=[token]))})


@page(ADMINISTRATORS, ("POST",))
def change_user(request: HttpRequest, user_id: int) -> HttpResponse:
    """Change the role of a user, or whether the user can log in."""
    form = request.POST
    try:
        change(_administrator(request), user_id, form.get("action", ""), form.get("role", ""))
    except UserError as error:
        return list_users(request, {"fault": str(error)}, status=409)
    return redirect("users")


def _administrator(request: HttpRequest) -> User:
    if not isinstance(request.user, User):  # ``page`` opens to users only
        raise UserError("Log in first.")
    return request.user
