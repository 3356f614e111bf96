"""Turns the counts of one day into what may leave: exactly counted or with noise, pooled along the ladder of k."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from stream_app.core.noise.keyed_numbers import KeyedNumbers
from stream_app.core.noise.laplace import draw_laplace
from stream_app.core.noise.pooling import PooledCell, Rung, pool
from stream_app.core.noise.track_counts import DAY_S, Cell


class ReleaseQuestion(NamedTuple):
    """What is released about a day.

    Attributes:
        dataset: Name of the stream, such as the model.
        start_s: Start of the day.
        groups: Labels of each attribute: all combinations are released, also empty ones.
        ladder: Steps of the ladder, the first with the window that is counted.
        k: Fewest people that are shown.
        most_cells: Cells of a day in which a track counts: the sensitivity.
        epsilon: Privacy loss of the release; None for exact counts.
    """

    dataset: str
    start_s: int
    groups: tuple[tuple[str, ...], ...]
    ladder: Sequence[Rung]
    k: int
    most_cells: int
    epsilon: Fraction | None

    @property
    def scale(self) -> Fraction | None:
        """Scale of the noise; None for exact counts."""
        return None if self.epsilon is None else self.most_cells / self.epsilon

    def cells(self) -> Iterable[Cell]:
        """Return all cells of the day, which do not depend on who was there."""
        starts = range(self.start_s, self.start_s + DAY_S, self.ladder[0].window_s)
        return (Cell(labels, start_s) for labels in product(*self.groups) for start_s in starts)


class Release(NamedTuple):
    """What may leave.

    Attributes:
        cells: The shown counts, which do not overlap.
        n_hidden: Cells of the first step that stay hidden.
    """

    cells: list[PooledCell]
    n_hidden: int


def release_day(question: ReleaseQuestion, counts: Mapping[Cell, int], key: bytes) -> Release:
    """Release a day.

    Noise is added to every cell, empty ones too; k is compared with the count that has noise, since hiding by the exact
    count would reveal it. Sums of cells cost nothing more.

    Args:
        question: What is released.
        counts: Exact counts of the cells that are not empty; other cells than those of the question are left out.
        key: Secret of the noise, at least 32 bytes.
    """
    values = {cell: with_noise(question, cell, counts.get(cell, 0), key) for cell in question.cells()}
    return Release(*pool(values, question.ladder, question.k))


def with_noise(question: ReleaseQuestion, cell: Cell, n: int, key: bytes) -> int:
    """Return the count of a cell with its noise, always the same; the exact count where the question asks for that."""
    if question.scale is None:
        return n
    label = json.dumps([_facts(question), cell, n]).encode()
    return n + draw_laplace(question.scale, KeyedNumbers(key, label).uniform)


def question_digest(question: ReleaseQuestion) -> str:
    """Return what identifies a question about a day in the budget, whatever the counts are; 32 hex digits.

    Exact windows do not overlap, so those of a day are one release.
    """
    facts = "exact" if question.epsilon is None else _facts(question)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def noise_key(secret: bytes) -> bytes:
    """Return the secret of the noise from the root key of the pseudonyms of a day."""
    return hmac.digest(secret, b"fairstream/noise/v1", "sha256")


def digest_of(question: ReleaseQuestion, counts: Mapping[Cell, int], key: bytes) -> str:
    """Return what identifies a release in the budget: equal for equal questions about equal counts; 32 hex digits.

    It is keyed, so counts cannot be guessed from it.
    """
    facts: list[object] = [_facts(question), [(cell, counts.get(cell, 0)) for cell in question.cells()]]
    if question.epsilon is None:  # without noise, another ladder or k is another release
        facts.append([question.k, [(rung.window_s, sorted(rung.pooled)) for rung in question.ladder]])
    return hmac.digest(key, json.dumps(facts).encode(), "sha256").hex()[:32]


def _facts(question: ReleaseQuestion) -> list[object]:
    """Return what the noise depends on besides cell and count: not the ladder or k, which are applied afterwards."""
    first = question.ladder[0].window_s
    return [question.dataset, question.start_s, question.groups, first, question.most_cells, str(question.epsilon)]
