"""The addresses of a demo: those of every application, and the page of the demo."""

from __future__ import annotations

from django.urls import path

from stream_app.web_app import routes
from stream_app.web_app.demo.views import set_stream, show_demo

urlpatterns = [
    *routes.urlpatterns,
    path("demo", show_demo, name="demo"),
    path("demo/stream", set_stream, name="demo-stream"),
]

handler400, handler403 = routes.handler400, routes.handler403
handler404, handler500 = routes.handler404, routes.handler500
