"""What keeps a version from being released."""

from __future__ import annotations

import pytest

from tests.programs.release import find_problems

CHANGELOG = """\
# Changelog

## 1.2.0 - 2026-01-31

- A change.

## 1.1.0 - 2025-12-01

- An earlier change.
"""


def test_a_version_with_a_dated_section_and_a_clean_tree_can_be_released() -> None:
    assert find_problems("1.2.0", CHANGELOG, [], ["v1.1.0"]) == []


@pytest.mark.parametrize(
    ("version", "changelog", "changed", "tags", "reason"),
    [
        ("1.2.0.dev1", CHANGELOG, [], [], "not of the form"),
        ("1.3.0", CHANGELOG, [], [], "newest section"),
        ("1.2.0", CHANGELOG.replace("# Changelog\n", "# Changelog\n\n## Unreleased\n"), [], [], "'Unreleased'"),
        ("1.2.0", CHANGELOG.replace(" - 2026-01-31", ""), [], [], "no date"),
        ("1.2.0", CHANGELOG.replace("- A change.", ""), [], [], "lists no change"),
        ("1.2.0", CHANGELOG, [" M README.md"], [], "not clean"),
        ("1.2.0", CHANGELOG, [], ["v1.2.0"], "exists"),
        ("1.2.0", "", [], [], "'none'"),
    ],
)
def test_what_is_missing_is_named(
    version: str, changelog: str, changed: list[str], tags: list[str], reason: str
) -> None:
    problems = find_problems(version, changelog, changed, tags)
    assert any(reason in problem for problem in problems), problems
