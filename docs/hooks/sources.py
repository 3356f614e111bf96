"""Links from a page to source files: on the site each leads to a page that shows the file.

A reader of the repository follows the link to the file itself, so the Markdown needs no address of any server.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_LINK = re.compile(r"\]\((?P<target>(?:\.\./)+[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".json": "json", ".ini": "ini", ".cfg": "ini"}


def linked_sources(markdown: str, page: str) -> Iterator[str]:
    """Yield the files outside of the documentation that a page links to.

    Args:
        markdown: Text of the page.
        page: Path of the page below ``docs/``.

    >>> list(linked_sources("[a](../../stream_app/topics.py), [b](../glossary.md)", "explanation/x.md"))
    ['stream_app/topics.py']
    """
    for match in _LINK.finditer(markdown):
        if (source := _source_of(match["target"], page)) is not None:
            yield source


def with_source_pages(markdown: str, page: str) -> str:
    """Return a page whose links to files outside of the documentation lead to the pages that show them.

    >>> with_source_pages("[a](../../stream_app/topics.py)", "explanation/x.md")
    '[a](../source/stream_app/topics.py.md)'
    """

    def replaced(match: re.Match[str]) -> str:
        source = _source_of(match["target"], page)
        if source is None:
            return match[0]
        return f"]({posixpath.relpath(source_page(source), posixpath.dirname(page) or '.')})"

    return _LINK.sub(replaced, markdown)


def source_page(source: str) -> str:
    """Return the path below ``docs/`` of the page that shows a file."""
    return f"source/{source}.md"


def source_text(source: str, text: str) -> str:
    """Return the Markdown of the page that shows a file; Markdown of the repository's root is shown as it is.

    >>> source_text("SECURITY.md", "[guide](docs/how-to/upgrade.md)")
    '[guide](../how-to/upgrade.md)'
    """
    if source.endswith(".md") and "/" not in source:
        return text.replace("](docs/", "](../")
    language = _LANGUAGES.get(PurePosixPath(source).suffix, "text")
    return f'# {source}\n\n`````{language} linenums="1"\n{text.rstrip()}\n`````\n'


def _source_of(target: str, page: str) -> str | None:
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    return None if path.startswith(("docs/", "../")) else path
