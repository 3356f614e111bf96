"""Text of others in HTML and SVG: neither markup, nor a sign that is not seen or reverses the direction of writing."""

from __future__ import annotations

from html import escape as escape_markup

from stream_app.printed_text import escape_controls


def escape(text: str) -> str:
    r"""Return a text that a browser shows as it is.

    >>> escape("<b>\u202ex")
    '&lt;b&gt;\\u202ex'
    """
    return escape_markup(escape_controls(text))
