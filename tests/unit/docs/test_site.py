"""The site builds without a warning, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.docs.pages import read_pages
from tests.support.paths import ROOT
from tests.support.tiers import skip_or_fail

_REMOTE = re.compile(r"(?:https?:)?//")
_LOADED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
    "object": "data", "link": "href", "use": "href",
}  # fmt: skip


class AssetParser(HTMLParser):
    """Collects the address of everything that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag loads."""
        values = dict(attrs)
        if tag in _LOADED and (address := values.get(_LOADED[tag])):
            self.addresses.append(address)
        self.addresses += re.findall(r"url\(([^)]*)\)", values.get("style") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site once."""
    if find_spec("mkdocs") is None or find_spec("mkdocstrings") is None:
        skip_or_fail("MkDocs is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=250)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def pages(site: Path) -> Iterator[Path]:
    """Yield every page."""
    yield from site.rglob("*.html")


def test_every_page_of_the_documentation_is_on_the_site(site: Path) -> None:
    wanted = {page.path.removeprefix("docs/") for page in read_pages() if page.path.startswith("docs/")}
    assert {path for path in wanted if not (site / path).with_suffix(".html").is_file()} == set()
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert {path for path in wanted if f": {path}\n" not in navigation} == set()


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    loaded = set()
    for page in pages(site):
        parser = AssetParser()
        parser.feed(page.read_text("utf-8"))
        loaded |= set(parser.addresses)
    assert any(address.endswith(".css") for address in loaded)
    assert {address for address in loaded if _REMOTE.match(address)} == set()


def test_no_stylesheet_loads_anything_from_elsewhere(site: Path) -> None:
    for sheet in site.rglob("*.css"):
        text = sheet.read_text("utf-8")
        assert not re.search(r"@import\s+(?:url\()?['\"]?(?:https?:)?//", text)
        assert not re.search(r"url\(['\"]?(?:https?:)?//", text)


def test_the_walk_shows_the_source_files(site: Path) -> None:
    walk = (site / "explanation" / "follow-one-event.html").read_text("utf-8")
    assert 'href="../source/stream_app/pipeline/contract.py.html"' in walk
    assert "LaneStep" in (site / "source" / "stream_app" / "pipeline" / "lane_step.py.html").read_text("utf-8")


def test_the_flags_of_all_commands_are_shown(site: Path) -> None:
    assert "--metrics-port" in (site / "reference" / "cli.html").read_text("utf-8")


def test_a_remote_asset_would_be_noticed() -> None:
    parser = AssetParser()
    parser.feed('<script src="//x.example/a.js"></script><img src="a.png"><a href="https://x.example">x</a>')
    assert [address for address in parser.addresses if _REMOTE.match(address)] == ["//x.example/a.js"]
