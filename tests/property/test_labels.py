"""Labels are compared alike however they are written, and bands agree with a reader of single values."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.pipeline.layout import index_by_label
from stream_app.policy import OTHER, UNKNOWN, canonical_label
from stream_app.policy.values.bands import ages_of, band_labels, band_numbers, numbers_of

UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202a\u202e\u2066\u2069\u061c\ufe0f\u034f\u180e\u3164\U000e0041"
words = st.text(st.characters(categories=["L", "N", "P", "S", "M"]), min_size=1, max_size=6)


@given(st.text(max_size=40))
def test_the_canonical_form_is_stable(text: str) -> None:
    canonical = canonical_label(text)
    assert canonical_label(canonical) == canonical
    assert not any(unicodedata.category(character) == "Cf" for character in canonical)
    assert canonical == " ".join(canonical.split())


@given(st.lists(words, min_size=1, max_size=3), st.data())
def test_unseen_characters_and_blanks_change_nothing(parts: list[str], data: st.DataObject) -> None:
    label = " ".join(parts)
    disguised = ""
    for character in label:
        disguised += "".join(data.draw(st.lists(st.sampled_from(UNSEEN), max_size=2))) + character
        disguised += "".join(data.draw(st.lists(st.sampled_from(" \t\u00a0\u2003"), max_size=2))) * (character == " ")
    assert canonical_label("\u3000" + disguised + "\n") == canonical_label(label)


@given(st.lists(words, min_size=2, max_size=6, unique_by=canonical_label), st.lists(words, max_size=4))
def test_every_spelling_leads_to_its_label(names: list[str], missing: list[str]) -> None:
    half = len(names) // 2
    labels, aliases = tuple(names[:half]), dict.fromkeys(names[:1], names[half:])
    index = index_by_label((*labels, UNKNOWN, OTHER), aliases, missing)
    for label, spellings in (
        {label: [label] for label in labels} | {f"{labels[0]}": [labels[0], *names[half:]]}
    ).items():
        for spelling in spellings:
            assert index[canonical_label(spelling)] == labels.index(label)
    for text in missing:
        assert index[canonical_label(text)] in (*range(len(labels)), len(labels))


@given(
    st.lists(
        st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6) | st.sampled_from(["x", None, True, [1], 10**400]),
        max_size=30,
    )
)
def test_a_band_is_that_of_each_number(values: list[object]) -> None:
    edges = (-10.0, 0.0, 0.5, 1000.0)
    bands = band_numbers(numbers_of(values, reads_text=False), edges, -1000.0, None)
    for value, band in zip(values, bands, strict=True):
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**300
        if not isinstance(value, int | float) or not is_number or value < -1000:
            assert band == -1
        else:
            assert band == sum(value >= edge for edge in edges)
    assert len(band_labels(edges)) == len(edges) + 1


dates = st.dates(date(1880, 1, 1), date(2030, 1, 1))


@given(st.lists(dates | st.just(date(1992, 2, 29)), min_size=1, max_size=20), dates, st.booleans())
def test_an_age_is_the_number_of_birthdays(births: list[date], today: date, is_basic: bool) -> None:  # noqa: FBT001
    now = datetime(today.year, today.month, today.day, 23, 59, 59, tzinfo=UTC)
    texts: list[object] = [birth.isoformat().replace("-", "" if is_basic else "-") for birth in births]
    ages = ages_of([*texts, "1990-02-30", None], np.full(len(texts) + 2, int(now.timestamp()))).tolist()
    for birth, age in zip(births, ages, strict=False):
        n_birthdays = sum(_birthday(birth, year) <= today for year in range(birth.year + 1, today.year + 1))
        if birth <= today:
            assert age == n_birthdays
        else:
            assert age < 0
    assert np.isnan(ages[-2:]).all()


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 2, 28) + timedelta(days=1)
