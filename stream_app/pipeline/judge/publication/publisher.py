"""Publishes the counts of a model window by window: along the ladder of k, exactly or with noise that a budget pays.

Noise follows from a secret, the cell and its exact count. So a judge that starts again, or reads the partials again,
publishes the same numbers, and nothing has to be stored for that. What is stored is what waits for longer
windows, and what each day has cost: in the transaction in which the counts leave, so neither is lost or paid twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from itertools import product

import msgspec

from stream_app import __version__
from stream_app.core.noise.budget import Charge, objection, spent
from stream_app.core.noise.pooling import Rung
from stream_app.core.noise.release import ReleaseQuestion, noise_key, question_digest, with_noise
from stream_app.core.noise.track_counts import DAY_S, Cell
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.tally_changes import StateKey
from stream_app.errors import ConfigError
from stream_app.pipeline.judge.publication.ladder import Labels, RunningLadder, Waiting, Waitings
from stream_app.pipeline.judge.state import PUBLICATION, StoredEntries, stored_bytes
from stream_app.pipeline.records.aggregates import EXACT, LAPLACE, SCHEMA, Aggregate, AggregateCell
from stream_app.policy import ModelPolicy, Publication

_DAYS_KEPT = 3  # of the budget: time never goes back further


class BudgetFacts(msgspec.Struct, frozen=True):
    """What the published counts of the newest day have cost.

    Attributes:
        scale: Scale of the noise; 0 for exact counts.
        left: Epsilon that is left of the budget of the day; 0 for exact counts.
        renews_s: When the next day begins, which has a budget of its own.
    """

    scale: float
    left: float
    renews_s: int


class Published(msgspec.Struct):
    """What becomes of a window.

    Attributes:
        aggregates: The records.
        n_small: Cells hidden because they are small.
        n_complementary: Cells hidden so that those cannot be computed by subtraction.
        n_over_budget: Windows of which nothing was published, because the budget of their day is spent.
    """

    aggregates: list[Aggregate] = []
    n_small: int = 0
    n_complementary: int = 0
    n_over_budget: int = 0


class _Stored(msgspec.Struct, array_like=True):
    """The state of a publisher."""

    way: str
    published_until_s: int | None = None
    waiting: list[tuple[int, int, list[tuple[Labels, int]], int | None]] = []
    charges: list[tuple[str, str, str | None]] = []


class Publisher:
    """Publishes the counts of one model.

    Args:
        model: Its policy.
        publication: How it is published.
        stored: The entries in the changelog topic.
        keys: Root keys of the pseudonyms, from which the noise follows.
    """

    def __init__(
        self, model: ModelPolicy, publication: Publication, stored: StoredEntries, keys: tuple[RootKey, ...] = ()
    ) -> None:
        self.is_changed = False
        self._until_s: int | None = None  # end of the newest window
        self._waiting: Waitings = {}
        self._charges: list[Charge] = []
        self._is_first_day_exact = False
        self._model, self._keys = model, sorted(keys, key=lambda key: key.valid_from_s)
        self._groups = tuple(attribute.groups for attribute in model.attributes)
        self._names = tuple(attribute.name for attribute in model.attributes)
        sizes = {window.name: window.size_s for window in model.windows}
        self._windows = [model.windows[0].name, *publication.ladder]
        rungs = [Rung(sizes[name]) for name in self._windows]
        if publication.pooled is not None:
            self._windows.append(self._windows[-1])
            rungs.append(Rung(rungs[-1].window_s, frozenset({self._names.index(publication.pooled)})))
        self._rungs = rungs
        noise = publication.noise
        self._epsilon = None if noise is None else Fraction(noise.epsilon)
        self._budget = Fraction(1 if noise is None else noise.budget)
        self._most_cells = publication.most_cells
        if noise is not None and not keys:
            raise ConfigError(
                f"Noise on the counts of model {model.name!r} needs the pseudonym keys",
                action="Create them with: fairstream keys init",
            )
        self._restore(stored)

    def publish(self, counts: Mapping[Labels, int], start_s: int, policy_hash: str) -> Published:
        """Publish a window that closes, and with noise those before it in which nobody was.

        Args:
            counts: Exact counts by labels.
            start_s: Its start; windows come in order.
            policy_hash: Hash of the policy.
        """
        published = Published(aggregates=[])
        for missed_s in self._missed(start_s):
            self._publish(missed_s, {}, policy_hash, published)
        self._publish(start_s, counts, policy_hash, published)
        self._until_s = start_s + self._rungs[0].window_s
        self.is_changed = True
        return published

    def facts(self) -> BudgetFacts | None:
        """Return what the newest day has cost; None before anything was published."""
        if self._until_s is None:
            return None
        day_s = (self._until_s - 1) // DAY_S * DAY_S
        if self._epsilon is None:
            return BudgetFacts(0.0, 0.0, day_s + DAY_S)
        left = self._budget - spent(self._charges, self._model.name, _day_of(day_s))
        return BudgetFacts(float(self._question(day_s).scale or 0), max(0.0, float(left)), day_s + DAY_S)

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return the state as one entry."""
        stored = _Stored(
            self._way(),
            self._until_s,
            [(*key, sorted(rest.counts.items()), rest.room) for key, rest in sorted(self._waiting.items())],
            [(charge.day, charge.release, _text_of(charge.epsilon)) for charge in self._charges],
        )
        return [(PUBLICATION, msgspec.msgpack.encode(stored))]

    def _restore(self, stored: StoredEntries) -> None:
        data = stored_bytes(stored, PUBLICATION)
        if data is None:
            self._is_first_day_exact = bool(stored)  # until now it was published without a budget
            self.is_changed = not stored
            return
        own = msgspec.msgpack.decode(data, type=_Stored)
        self._until_s = own.published_until_s
        name = self._model.name
        self._charges = [Charge(name, day, release, _fraction_of(epsilon)) for day, release, epsilon in own.charges]
        if own.way == self._way():  # else what waited stays hidden
            self._waiting = {(step, start_s): Waiting(dict(rest), room) for step, start_s, rest, room in own.waiting}

    def _way(self) -> str:
        """Return what must stay the same for counts that wait: cells, ladder and noise."""
        steps = [(rung.window_s, sorted(rung.pooled)) for rung in self._rungs]
        facts = [self._names, self._groups, steps, _text_of(self._epsilon), self._most_cells]
        return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]

    def _missed(self, start_s: int) -> Iterator[int]:
        """Yield the windows since the last one, on its day and on that of the next: with noise a gap says nothing."""
        if self._epsilon is None or self._until_s is None:
            return
        last_day_end_s, day_s = -(-self._until_s // DAY_S) * DAY_S, start_s // DAY_S * DAY_S
        for missed_s in range(self._until_s, start_s, self._rungs[0].window_s):
            if missed_s < last_day_end_s or missed_s >= day_s:
                yield missed_s

    def _publish(self, start_s: int, counts: Mapping[Labels, int], policy_hash: str, published: Published) -> None:
        question = self._question(start_s // DAY_S * DAY_S)
        if not self._pay(question):
            published.n_over_budget += 1
            if self._epsilon is not None:  # a notice of exact counts would say that somebody was there
                end_s = start_s + self._rungs[0].window_s
                renews_s = question.start_s + DAY_S
                published.aggregates.append(self._aggregate(0, start_s, end_s, {}, policy_hash, renews_s))
            return
        ladder = RunningLadder(
            self._rungs,
            self._groups,
            self._model.privacy.k,
            is_exact=self._epsilon is None,
            waiting=self._waiting,
        )
        shown: dict[tuple[int, int, str], dict[Labels, int]] = {}
        steps: dict[tuple[int, int, str], int] = {}
        for release in ladder.take(start_s, self._values(question, start_s, counts)):
            published.n_small += release.n_small
            published.n_complementary += release.n_complementary
            key = (release.start_s, release.end_s, self._windows[release.step])
            shown.setdefault(key, {}).update(release.shown)
            steps.setdefault(key, release.step)
        for key, cells in shown.items():
            if cells or self._epsilon is not None:
                published.aggregates.append(self._aggregate(steps[key], key[0], key[1], cells, policy_hash))

    def _values(self, question: ReleaseQuestion, start_s: int, counts: Mapping[Labels, int]) -> Mapping[Labels, int]:
        if self._epsilon is None:
            return counts
        key = self._key_of(question.start_s)
        cells = (Cell(labels, start_s) for labels in product(*self._groups))
        return {cell.labels: with_noise(question, cell, counts.get(cell.labels, 0), key) for cell in cells}

    def _pay(self, question: ReleaseQuestion) -> bool:
        """Charge the day for this publication, once; return whether its budget allows it."""
        day = _day_of(question.start_s)
        if self._is_first_day_exact:
            self._is_first_day_exact = False
            self._charges.append(Charge(self._model.name, day, "before", None))
        charge = Charge(self._model.name, day, question_digest(question), self._epsilon)
        former = [paid for paid in self._charges if paid.release != "before" or self._epsilon is not None]
        if objection(former, charge, self._budget) is not None:
            return False
        if not any(map(charge.is_same_as, self._charges)):
            oldest = _day_of(question.start_s - _DAYS_KEPT * DAY_S)
            self._charges = [paid for paid in self._charges if paid.day >= oldest] + [charge]
        return True

    def _question(self, day_s: int) -> ReleaseQuestion:
        model = self._model
        most_cells = self._most_cells or 1
        return ReleaseQuestion(model.name, day_s, self._groups, self._rungs, model.privacy.k, most_cells, self._epsilon)

    def _key_of(self, day_s: int) -> bytes:
        valid = [key for key in self._keys if key.valid_from_s <= day_s]
        return noise_key((valid[-1] if valid else self._keys[0]).secret)

    def _aggregate(
        self,
        step: int,
        start_s: int,
        end_s: int,
        shown: Mapping[Labels, int],
        policy_hash: str,
        renews_s: int | None = None,
    ) -> Aggregate:
        has_noise = self._epsilon is not None
        cells = (AggregateCell(labels=dict(zip(self._names, labels, strict=True)), n=n) for labels, n in shown.items())
        return Aggregate(
            schema=SCHEMA,
            model=self._model.name,
            window=self._windows[step],
            start_s=start_s,
            end_s=end_s,
            k=self._model.privacy.k,
            cells=tuple(cells),
            policy_hash=policy_hash,
            code_version=__version__,
            is_rest=step > 0,
            noise=LAPLACE if has_noise else EXACT,
            epsilon=_text_of(self._epsilon),
            scale=_text_of(self._question(start_s).scale),
            most_cells=self._most_cells,
            renews_s=renews_s,
        )


def _day_of(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d")


def _text_of(fraction: Fraction | None) -> str | None:
    return None if fraction is None else str(fraction)


def _fraction_of(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)
