"""The pages of login, logout and one-time links."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from stream_app.web_app.accounts import invitations
from stream_app.web_app.accounts.access import PUBLIC, page
from stream_app.web_app.accounts.forms import PasswordForm

_FORM = ("GET", "HEAD", "POST")

log_in = page(PUBLIC, _FORM)(LoginView.as_view(redirect_authenticated_user=True))
log_out = page(PUBLIC, ("POST",))(LogoutView.as_view())


@page(PUBLIC, _FORM)
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the holder of a one-time link for a password, then create the user."""
    invitation = invitations.find(token)
    if invitation is None:
        return render(request, "link_ended.html", status=404)
    form = PasswordForm(request.POST or None, fixed_name=invitation.username)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if invitations.redeem(token, values["username"], values["password"]) is None:
            return render(request, "link_ended.html", status=404)
        return redirect("login")
    return render(request, "accept.html", {"form": form, "role": invitation.role})
