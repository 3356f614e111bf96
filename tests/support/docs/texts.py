"""What people read: prose of pages, strings and docstrings of modules, and texts of rules and dashboards."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.docs.pages import DocPage, read_pages
from tests.support.paths import ROOT

_CODE = re.compile(r"``[^`]*``|`[^`]*`")
_URL = re.compile(r"https?://\S+|\]\([^)]*\)")
_PACKAGES = ("stream_app", "fairstream", "producers", "dashboards")
_CONFIG = (".yml", ".yaml", ".tmpl", ".toml")


@dataclass(frozen=True)
class Text:
    """A text with its place.

    Attributes:
        path: File below the root of the repository.
        line: Where it begins.
        text: The text, without code between backticks.
    """

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class HouseWord:
    """A word that texts avoid.

    Attributes:
        pattern: What is searched for.
        use: What to write instead.
        exception: Where a match is allowed; None for nowhere.
    """

    pattern: re.Pattern[str]
    use: str
    exception: re.Pattern[str] | None

    def find(self, text: str) -> Iterator[str]:
        """Yield every match that is not allowed."""
        allowed = [match.span() for match in self.exception.finditer(text)] if self.exception else []
        for match in self.pattern.finditer(text):
            if not any(first <= match.start() and match.end() <= last for first, last in allowed):
                yield match[0]


def read_word_list() -> dict[str, Any]:
    """Read the list as it is written."""
    return tomllib.loads(ROOT.joinpath("docs", "house-words.toml").read_text("utf-8"))


def house_words() -> list[HouseWord]:
    """Return every word of the list."""
    return [
        HouseWord(
            pattern=re.compile(entry["pattern"], re.IGNORECASE),
            use=entry["use"],
            exception=re.compile(entry["except"], re.IGNORECASE) if "except" in entry else None,
        )
        for entry in read_word_list()["words"]
    ]


def all_texts() -> Iterator[Text]:
    """Yield every text that people read."""
    for page in read_pages():
        yield from page_texts(page)
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from module_texts(path)
    for path in sorted((ROOT / "stream_app").rglob("*.toml")):
        yield from plain_texts(path)
    for path in sorted((ROOT / "deploy").rglob("*")):
        if path.suffix in _CONFIG:
            yield from plain_texts(path)
    for path in sorted((ROOT / "dashboards" / "json").rglob("*.json")):
        yield from plain_texts(path)
    yield from plain_texts(ROOT / "Makefile")


def page_texts(page: DocPage) -> Iterator[Text]:
    """Yield a page line by line; of the changelog only what comes before version 0.1.0."""
    text = page.text.partition("\n## 0.1.0")[0] if page.path == "CHANGELOG.md" else page.text
    for number, line in enumerate(_without_code(text).splitlines(), 1):
        yield Text(page.path, number, line)


def module_texts(path: Path) -> Iterator[Text]:
    """Yield every string of a module, docstrings and parts of f-strings included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Text(path.relative_to(ROOT).as_posix(), node.lineno, _without_code(node.value))


def plain_texts(path: Path) -> Iterator[Text]:
    """Yield a file line by line."""
    for number, line in enumerate(_without_code(path.read_text("utf-8")).splitlines(), 1):
        yield Text(path.relative_to(ROOT).as_posix(), number, line)


def _without_code(text: str) -> str:
    def blank(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n")

    return _URL.sub(blank, _CODE.sub(blank, text.replace("```", "")))
