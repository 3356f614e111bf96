"""A report as one HTML file: head, style, body, and what is printed on the margin of each page."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.printed_text import escape_controls
from stream_app.render.escaping import escape
from stream_app.render.paper.style import STYLE

_BETWEEN = " · "


def write_document(title: str, body: str, margin: Iterable[str]) -> str:
    """Return a report as HTML.

    Args:
        title: Its title, as text.
        body: Its content, as HTML.
        margin: What identifies it at the foot of each printed page, as text: model, time range, hash of the policy.
    """
    shown = escape(title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light">'
        f"<title>{shown}</title><style>{STYLE}{_margins(title, _BETWEEN.join(margin))}</style></head>"
        f"<body><main><h1>{shown}</h1>{body}</main></body></html>\n"
    )


def _margins(title: str, identity: str) -> str:
    """Return the rules for the margins of a page; the paper is that of the printer."""
    face = "font:7.5pt/1.3 system-ui,sans-serif;color:#333"
    return (
        "@page{margin:17mm 14mm 20mm;"
        f"@top-left{{content:{css_string(title)};{face};width:100%}}"
        f"@bottom-left{{content:{css_string(identity)};{face};width:82%;vertical-align:top;padding-top:4mm}}"
        f'@bottom-right{{content:"Page " counter(page) " of " counter(pages);{face};vertical-align:top;'
        "padding-top:4mm}}\n"
    )


def css_string(text: str) -> str:
    r"""Return a text as a string of CSS inside HTML: every sign that could end it is written as its number.

    >>> print(css_string('loans 1.0 "</style>'))
    "loans 1.0 \22 \3c \2f style\3e "
    """
    signs = (sign if sign.isalnum() or sign in " .,:-_" else f"\\{ord(sign):x} " for sign in escape_controls(text))
    return f'"{"".join(signs)}"'
