"""The addresses of an application with a provider: those of every application, and the two pages of its login."""

from __future__ import annotations

from django.urls import path

from stream_app.web_app.oidc.backend import CALLBACK
from stream_app.web_app.oidc.views import come_back, log_in_by_provider
from stream_app.web_app.pages import urls

urlpatterns = [
    *urls.urlpatterns,
    path("oidc/login", log_in_by_provider, name="oidc-login"),
    path("oidc/callback", come_back, name=CALLBACK),
]

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
