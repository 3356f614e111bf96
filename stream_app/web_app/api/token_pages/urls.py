"""The addresses of the page of tokens, which people open; the API is below ``/api``."""

from __future__ import annotations

from django.urls import path

from stream_app.web_app.api.token_pages.token_forms import create_token, limit_token, revoke_token
from stream_app.web_app.api.token_pages.token_list import show_tokens

urlpatterns = [
    path("tokens", show_tokens, name="tokens"),
    path("tokens/create", create_token, name="token-create"),
    path("tokens/<slug:token_id>/limit", limit_token, name="token-limit"),
    path("tokens/<slug:token_id>/revoke", revoke_token, name="token-revoke"),
]
