"""Every path, module, command, flag, setting and target that the documentation names exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stream_app.settings import Settings
from tests.support.docs.names import PACKAGES, commands, defined_names, is_known, make_targets, module_file
from tests.support.docs.pages import DocPage, read_page, read_pages
from tests.support.paths import ROOT

PAGES = read_pages()

_FOLDERS = (*PACKAGES, "deploy", "requirements", "examples", ".ci")
_PATH = re.compile(rf"(?:{'|'.join(map(re.escape, _FOLDERS))})(?:/[\w.*-]+)+/?|[\w-]+\.(?:md|toml|yml|cfg)")
_DOTTED = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
_FILES_OF_USERS = frozenset(
    {"hiring.toml", "my-policy.toml", "loans.toml", "docker-compose.yml", "policy.toml", "notifications.jsonl"}
)
_OTHER_SETTINGS = {"FAIRSTREAM_SETTINGS", "FAIRSTREAM_TEST_BROKER"}
_PROMPT = re.compile(r"(?:^|[|&;]\s*)(fairstream(?: [a-z-]+)+.*)")


def parametrize_pages(pages: list[DocPage]) -> pytest.MarkDecorator:
    """Run a test over pages."""
    return pytest.mark.parametrize("page", pages, ids=str)


def named_paths(page: DocPage) -> Iterator[str]:
    """Yield every path between backticks; a pattern with a star counts as one."""
    for span in page.spans:
        if _PATH.fullmatch(span.rstrip("/")) and span not in _FILES_OF_USERS:
            yield span.rstrip("/")


def is_there(path: str) -> bool:
    """Tell whether a path exists: below the root, or a file of the documentation's or a policy's folder by its name."""
    if "*" in path:
        return any(ROOT.glob(path))
    folders = (ROOT, ROOT / "docs", ROOT / "stream_app" / "policies", ROOT / "deploy" / "prometheus")
    return any((folder / path).exists() for folder in folders)


@parametrize_pages(PAGES)
def test_every_path_exists(page: DocPage) -> None:
    missing = {path for path in named_paths(page) if not is_there(path)}
    assert missing == set()


@parametrize_pages([page for page in PAGES if page.links])
def test_every_link_leads_to_a_file(page: DocPage) -> None:
    folder = ROOT.joinpath(page.path).parent
    assert {link for link in page.links if not folder.joinpath(link).exists()} == set()


@parametrize_pages(PAGES)
def test_every_module_exists(page: DocPage) -> None:
    dotted = [span for span in page.spans if _DOTTED.fullmatch(span) and not is_path_of_file(span)]
    programs = [match for span in (*page.spans, *page.shell_lines) for match in re.findall(r"python -m ([\w.]+)", span)]
    programs = [program for program in programs if program.split(".")[0] in PACKAGES]
    known = {*dotted, *programs, *page.modules}
    assert {name for name in known if not is_known(name)} == set()


def is_path_of_file(span: str) -> bool:
    """Tell whether a dotted word is the name of a file, such as ``docs.md``."""
    return ROOT.joinpath(span).is_file()


@parametrize_pages(PAGES)
def test_every_make_target_exists(page: DocPage) -> None:
    lines = [code for code in (*page.spans, *page.shell_lines) if code.startswith("make ")]
    targets = {match for line in lines for match in re.findall(r"^make ([a-z][a-z-]*)", line)}
    assert targets - make_targets() == set()


@parametrize_pages([page for page in PAGES if page.path != "CHANGELOG.md"])  # it names former flags
def test_every_command_and_flag_exists(page: DocPage) -> None:
    problems = {
        problem
        for code in (*page.spans, *page.shell_lines)
        for match in _PROMPT.findall(code)
        for problem in problems_of(match)
    }
    assert problems == set()


def problems_of(line: str) -> Iterator[str]:
    """Yield what does not exist in one call of ``fairstream``."""
    words = line.split()
    for cut in range(len(words), 0, -1):
        if (call := " ".join(words[:cut])) in commands():
            used = {word.partition("=")[0] for word in words[cut:] if re.fullmatch(r"--[a-z][a-z-]*(?:=.*)?", word)}
            yield from (f"{call} {flag}" for flag in sorted(used - commands()[call]))
            return
    group = " ".join(word for word in words if re.fullmatch(r"[a-z][a-z-]*", word))
    if not any(f"{known} ".startswith(f"{group} ") for known in commands()):
        yield line


@parametrize_pages([page for page in PAGES if page.path != "CHANGELOG.md"])
def test_every_setting_exists(page: DocPage) -> None:
    fields = [field.name for field in msgspec.structs.fields(Settings)]
    settings = {f"FAIRSTREAM_{'STATE' if name == 'state_dir' else name.upper()}" for name in fields}
    assert set(re.findall(r"\bFAIRSTREAM_[A-Z_]+\b", page.text)) - settings - _OTHER_SETTINGS == set()


@parametrize_pages([page for page in PAGES if any(language == "python" for language, _ in page.fences)])
def test_every_python_example_uses_public_names(page: DocPage) -> None:
    blocks = [ast.parse(body) for language, body in page.fences if language == "python"]
    used = {
        node.attr
        for block in blocks
        for node in ast.walk(block)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "fs"
    }
    assert used
    if (path := module_file("fairstream")) is None:
        pytest.skip("this version has no public Python API yet")
    public = next(
        ast.literal_eval(node.value)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
    )
    assert used - set(public) == set()


def test_the_example_of_a_settings_file_is_one() -> None:
    page = read_page("docs", "reference", "cli.md")
    ((_, example),) = [fence for fence in page.fences if fence[0] == "toml"]
    assert msgspec.toml.decode(example, type=Settings).state_dir == "/var/lib/fairstream"


def test_the_checks_find_what_is_not_there() -> None:
    page = DocPage(
        "x.md", "`stream_app/nothing.py` `stream_app.nothing.x`\n\n```sh\nfairstream nothing --at-all\n```\n"
    )
    assert list(named_paths(page)) == ["stream_app/nothing.py"]
    assert not is_there("stream_app/nothing.py")
    assert not is_known("stream_app.nothing.x")
    assert is_known("stream_app.topics.declared_topics")
    assert list(problems_of(page.shell_lines[0])) == ["fairstream nothing --at-all"]
    assert list(problems_of("fairstream worker --nothing")) == ["fairstream worker --nothing"]
    assert list(problems_of("fairstream replay")) == []


def test_pages_name_many_things() -> None:
    paths = [path for page in PAGES for path in named_paths(page)]
    lines = [line for page in PAGES for line in page.shell_lines if line.startswith("fairstream ")]
    assert len(paths) > 80
    assert len(lines) > 30
    assert module_file("stream_app.topics") == ROOT / "stream_app" / "topics.py"
    assert "declared_topics" in defined_names(Path(ROOT, "stream_app", "topics.py"))
