"""The addresses of an application with a provider: those of every application, and the two pages of its login."""

from __future__ import annotations

from django.urls import path

from stream_app.web_app import routes
from stream_app.web_app.oidc.backend import CALLBACK
from stream_app.web_app.oidc.views import come_back, log_in_by_provider

urlpatterns = [
    *routes.urlpatterns,
    path("oidc/login", log_in_by_provider, name="oidc-login"),
    path("oidc/callback", come_back, name=CALLBACK),
]

handler400, handler403 = routes.handler400, routes.handler403
handler404, handler500 = routes.handler404, routes.handler500
