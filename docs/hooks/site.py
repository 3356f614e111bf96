"""What MkDocs calls while it builds the site: pages for source files, and the flags of all commands."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.hooks.flags import flag_sections
from docs.hooks.sources import linked_sources, source_page, source_text, with_source_pages

_FLAGS = "<!-- flags of all commands -->"


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add a page for each source file that some page links to."""
    root = Path(config.docs_dir).parent
    sources = {
        source
        for file in files.documentation_pages()
        for source in linked_sources(file.content_string, posixpath.normpath(file.src_uri))
    }
    for source in sorted(sources):
        text = source_text(source, root.joinpath(source).read_text("utf-8"))
        files.append(File.generated(config, source_page(source), content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to source files at their pages, and fill in the flags of all commands."""
    del config, files
    text = with_source_pages(markdown, page.file.src_uri)
    return text.replace(_FLAGS, flag_sections()) if _FLAGS in text else text


def on_page_context(context: Any, *, page: Page, config: MkDocsConfig, nav: Any) -> Any:
    """Leave pages of source files out of the search: names in them would hide the documentation."""
    del config, nav
    if page.file.src_uri.startswith("source/"):
        page.meta["search"] = {"exclude": True}
    return context
