"""The pages of the documentation and the code in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.support.paths import ROOT

_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=fence)`*$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^ {4}(?!:|-|\d).*\n)+", re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`(?!`)([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_DIRECTIVE = re.compile(r"^::: (\S+)$", re.MULTILINE)
_GENERATED = re.compile(r"<!-- \w+: begin -->.*?<!-- \w+: end -->", re.DOTALL)
_TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


@dataclass(frozen=True)
class DocPage:
    """One page.

    Attributes:
        path: Path below the root of the repository.
        text: Its Markdown.
    """

    path: str
    text: str

    def __str__(self) -> str:
        return self.path

    @cached_property
    def fences(self) -> list[tuple[str, str]]:
        """Language and text of each fenced block."""
        return [(match["language"], match["body"]) for match in _FENCE.finditer(self.text)]

    @cached_property
    def prose(self) -> str:
        """The text without fenced blocks and without generated tables."""
        return _FENCE.sub("", _GENERATED.sub("", self.text))

    @cached_property
    def spans(self) -> list[str]:
        """Each piece of code between backticks in the prose, on one line."""
        return [" ".join(match[1].split()) for match in _SPAN.finditer(self.prose)]

    @cached_property
    def links(self) -> list[str]:
        """Target of each link that leads into the repository, without its anchor."""
        targets = [match["target"] for match in _LINK.finditer(self.prose)]
        return [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]

    @cached_property
    def modules(self) -> list[str]:
        """Each module whose documentation is shown on the page."""
        return _DIRECTIVE.findall(self.text)

    @cached_property
    def shell_lines(self) -> list[str]:
        """Each line of a shell example, continued lines joined, prompts and comments removed."""
        blocks = [body for language, body in self.fences if language in ("", "sh")]
        blocks += [match[0] for match in _INDENTED.finditer(self.prose)]
        joined = "\n".join(blocks).replace("\\\n", " ")
        lines = (re.sub(r"\s#.*$", "", line).strip().removeprefix("$ ") for line in joined.splitlines())
        return [line for line in lines if line]


def read_pages() -> list[DocPage]:
    """Read every page: the documentation and the files at the root."""
    paths = [ROOT / name for name in _TOP] + sorted((ROOT / "docs").rglob("*.md"))
    return [DocPage(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths if path.is_file()]


def read_page(*parts: str) -> DocPage:
    """Read one page by its path below the root."""
    path = Path(*parts)
    return DocPage(path.as_posix(), ROOT.joinpath(path).read_text("utf-8"))
