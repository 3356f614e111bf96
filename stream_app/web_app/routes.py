"""Every address of the web application: its pages, and the API below ``/api``."""

from __future__ import annotations

from django.urls import include, path

from stream_app.web_app.api.service import api_routes
from stream_app.web_app.pages import urls as pages

urlpatterns = [*pages.urlpatterns, path("api/", include([*api_routes()]))]

handler400 = pages.handler400
handler403 = pages.handler403
handler404 = pages.handler404
handler500 = pages.handler500
