"""The addresses of the pages; a test opens each of them with every role and method."""

from __future__ import annotations

from django.urls import path

from stream_app.web_app.accounts.views import accept, log_in, log_out
from stream_app.web_app.pages.assets import asset
from stream_app.web_app.pages.health import live, ready
from stream_app.web_app.pages.model_page import show_model
from stream_app.web_app.pages.overview import show_overview

urlpatterns = [
    path("", show_overview, name="overview"),
    path("models/<str:name>", show_model, name="model"),
    path("livez", live, name="livez"),
    path("readyz", ready, name="readyz"),
    path("login", log_in, name="login"),
    path("logout", log_out, name="logout"),
    path("welcome/<str:token>", accept, name="welcome"),
    path("assets/<str:version>/<str:name>", asset, name="asset"),
]

handler400 = "stream_app.web_app.pages.errors.bad_request"
handler403 = "stream_app.web_app.pages.errors.forbidden"
handler404 = "stream_app.web_app.pages.errors.not_found"
handler500 = "stream_app.web_app.pages.errors.server_error"
