"""How well the inspection recognizes personal data, over labeled fields; the documentation has these numbers."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from stream_app.core.inspection.kinds import KINDS
from tests.support.labeled_fields import NO_KIND, inspect_field, labeled_fields, recognize
from tests.support.paths import ROOT

PAGE = (ROOT / "docs/how-to/personal-data.md").read_text(encoding="utf-8")


def test_most_known_personal_fields_are_reported_and_no_other() -> None:
    recognition = recognize("labeled")
    assert recognition.n >= 150
    assert recognition.wrong == ()
    assert recognition.recall >= 0.975
    assert recognition.n_kind >= 0.96 * recognition.n_right


def test_of_the_unseen_fields_none_is_reported_wrongly_and_no_fewer_than_before() -> None:
    recognition = recognize("unseen")
    assert recognition.wrong == ()
    assert recognition.recall >= 0.42


@pytest.mark.parametrize(("word", "name"), [("known", "labeled"), ("unseen", "unseen")])
def test_the_page_has_the_measured_numbers(word: str, name: str) -> None:
    recognition = recognize(name)
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {word}:"))
    assert re.split(r" \| ", row.strip("| "))[1:] == [
        str(recognition.n),
        str(recognition.n_personal),
        f"{recognition.precision:.3f}",
        f"{recognition.recall:.3f}",
    ]


@pytest.mark.parametrize(("word", "name"), [("known", "labeled"), ("unseen", "unseen")])
def test_the_comparison_on_the_page_is_about_these_fields(word: str, name: str) -> None:
    """Presidio is not installed here; its rows are those of ``benchmarks/presidio_fields.py`` over as many fields."""
    fields = [field for field in labeled_fields(name) if field.values]
    is_reported = [bool(inspect_field(field)) for field in fields]
    n_personal = sum(field.is_personal for field in fields)
    n_right = sum(field.is_personal and found for field, found in zip(fields, is_reported, strict=True))
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {word} |"))
    assert re.split(r" \| ", row.strip("| "))[1:] == [
        str(len(fields)),
        str(n_personal),
        "`fairstream privacy inspect`",
        f"{n_right / sum(is_reported):.3f}",
        f"{n_right / n_personal:.3f}",
    ]


def test_every_kind_is_in_the_fixture_and_on_the_page() -> None:
    labels = Counter(field.kind for field in labeled_fields("labeled"))
    assert set(labels) == {*KINDS, NO_KIND}
    assert all(f"`{kind}`" in PAGE for kind in KINDS)


def test_the_fixture_has_many_traps() -> None:
    assert sum(not field.is_personal for field in labeled_fields("labeled")) >= 150
