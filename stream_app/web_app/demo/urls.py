"""The addresses of a demo: those of every application, and the page of the demo."""

from __future__ import annotations

from django.urls import path

from stream_app.web_app.demo.views import set_stream, show_demo
from stream_app.web_app.pages import urls

urlpatterns = [
    *urls.urlpatterns,
    path("demo", show_demo, name="demo"),
    path("demo/stream", set_stream, name="demo-stream"),
]

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
