"""Simulated decisions in groups of few people, judged in memory: everything that leaves, and the truth about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

import msgspec
import numpy as np

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import AND, CROSS, Result
from stream_app.policy import ModelPolicy, load_policy
from tests.support.attacker import Attacker, Sum, seen_in, without_computed

PANE_S = 10
GENDERS, RACES = ("female", "male"), ("black", "white", "asian")
SHARES = {"gender": (0.45, 0.53, 0.02), "race": (0.18, 0.66, 0.14, 0.02)}  # the last is unknown
SOURCES = (SourcePartition("raw", 0), SourcePartition("raw", 1))


def small_model(windows: dict[str, int], k: int = 10, detection: Mapping[str, object] = {}) -> ModelPolicy:
    """Return a policy with two attributes and some windows."""
    fields = msgspec.json.decode(msgspec.json.encode(load_policy("loans").models[0]))
    fields["attributes"] = [
        {"name": "gender", "path": "gender", "groups": GENDERS, "reference": "male"},
        {"name": "race", "path": "race", "groups": RACES, "reference": "white"},
    ]
    fields |= {"segment": None, "features": [], "privacy": {"k": k}, "revision_s": 600, "detection": detection}
    fields["windows"] = [{"name": name, "size_s": size_s} for name, size_s in windows.items()]
    return msgspec.convert(fields, ModelPolicy)


class SmallStream:
    """A seeded stream.

    Args:
        model: Its policy.
        n_panes: Panes of 10 s.
        rate: Decisions in a pane, on average.
        seed: Of the stream.
        n_late: Decisions that a silent partition adds to panes that have closed.
        has_unknown: Whether some values are missing.
        is_unfair: Whether women and black people are approved less often.
        quiet: Decisions in some panes, on average, where these are others.
    """

    def __init__(
        self,
        model: ModelPolicy,
        n_panes: int,
        rate: float,
        seed: int,
        n_late: int = 0,
        *,
        has_unknown: bool = True,
        is_unfair: bool = False,
        quiet: Mapping[int, float] | None = None,
    ) -> None:
        self._is_unfair, self.alerts = is_unfair, list[Alert]()
        self.model, self.layout = model, layout_of(model)
        self._shares = {
            name: np.array(shares) * [*[1] * (len(shares) - 1), has_unknown] for name, shares in SHARES.items()
        }
        chance = np.random.default_rng(seed)
        rates = [(quiet or {}).get(number, rate) for number in range(n_panes)]
        self.panes = [self._cells(chance, int(chance.poisson(own))) for own in rates]
        self.late: dict[int, Cells] = {}
        for _ in range(n_late):
            pane = int(chance.integers(n_panes - 1))
            add_cells(self.late.setdefault(pane, {}), self._cells(chance, 1))

    def judged(self, *, flush_every: int = 1, is_restarted: bool = False) -> list[Result]:
        """Return every result of the judge, as it is published; late decisions come with the last pane.

        Its alerts are in ``alerts`` then.
        """
        judge = ModelJudge(self.model, "h", {})
        results: list[Result] = []
        for source in SOURCES:
            judge.take(source, 2, SourceProgress(0, None, None, is_idle=False, first_offset=0), {})
        for number, cells in enumerate(self.panes):
            n = sum(map(len, self.panes[: number + 1]))
            progress = SourceProgress(n, (number + 1) * PANE_S, None, is_idle=False, first_offset=0)
            judge.take(SOURCES[0], 2, progress, {number * PANE_S: cells})
            judge.advance_to((number + 1) * PANE_S, (number + 1) * PANE_S)
            if (number + 1) % flush_every == 0:
                report, _ = judge.flush()
                self.alerts += report.alerts
                results += report.results
            if is_restarted:
                judge = ModelJudge(self.model, "h", {entry: [data] for entry, data in judge.entries().items()})
        for number, cells in sorted(self.late.items()):
            late = SourceProgress(number + 1, None, None, is_idle=False, first_offset=0)
            judge.take(SOURCES[1], 2, late, {number * PANE_S: cells})
            results += judge.flush()[0].results
        return results + judge.flush()[0].results

    def people_until(self, end_s: int, attribute: str) -> dict[str, int]:
        """Return the people of each group in the panes before a time."""
        place, people = self.layout.position_of(attribute), Counter[str]()
        for cells in self.panes[: end_s // PANE_S]:
            for code, vector in cells.items():
                people[self.layout.labels_of(code)[place]] += vector[0]
        return dict(people)

    def attacker(self) -> Attacker:
        """Return an attacker who knows how many decisions there are at which time."""
        groups = {name: list(self.layout.dimensions[self.layout.position_of(name)][1]) for name in SHARES}
        totals = Counter({number * PANE_S: _people(cells) for number, cells in enumerate(self.panes)})
        for number, cells in self.late.items():
            totals[number * PANE_S] += _people(cells)
        return Attacker(groups, totals)

    def asked(self, results: list[Result], alerts: Iterable[Sum] = ()) -> Iterator[Sum]:
        """Yield every group of every range of time, and of what one range has more than another.

        Args:
            results: What was published.
            alerts: What alerts showed.
        """
        spans = {(result.start_s, result.end_s) for result in results}
        for end_s in {seen.end_s for seen in alerts}:
            inside = {span for span in spans if span[0] < end_s < span[1]}
            spans |= {(start_s, end_s) for start_s, _ in inside} | {(end_s, last_s) for _, last_s in inside}
        spans |= {(a[1], b[1]) for a, b in combinations(sorted(spans), 2) if a[0] == b[0] and a[1] < b[1]}
        for start_s, end_s in sorted(spans):
            cells: Cells = {}
            for number in range(start_s // PANE_S, end_s // PANE_S):
                add_cells(cells, self.panes[number])
                add_cells(cells, self.late.get(number, {}))
            for attributes in (("gender",), ("race",), ("gender", "race")):
                places = [self.layout.position_of(name) for name in attributes]
                table: Counter[tuple[str, ...]] = Counter()
                for code, vector in cells.items():
                    labels = self.layout.labels_of(code)
                    table[tuple(labels[place] for place in places)] += vector[0]
                for labels, n in sorted(table.items()):
                    yield Sum(start_s, end_s, attributes, frozenset([labels]), n)

    def count(self, asked: Sum) -> int:
        """Return the people of a group in a range of time, late ones included."""
        places, n = [self.layout.position_of(name) for name in asked.attributes], 0
        for number in range(asked.start_s // PANE_S, asked.end_s // PANE_S):
            for cells in (self.panes[number], self.late.get(number, {})):
                for code, vector in cells.items():
                    labels = self.layout.labels_of(code)
                    n += vector[0] * (tuple(labels[place] for place in places) in asked.labels)
        return n

    def _cells(self, chance: np.random.Generator, n: int) -> Cells:
        cells: Cells = {}
        dimensions = dict(self.layout.dimensions)
        for _ in range(n):
            labels = {
                "gender": (*GENDERS, "unknown")[chance.choice(3, p=_parts(self._shares["gender"]))],
                "race": (*RACES, "unknown")[chance.choice(4, p=_parts(self._shares["race"]))],
            }
            is_worse = self._is_unfair and ("female" in labels.values() or "black" in labels.values())
            labels["decision"] = ("favorable", "unfavorable")[int(chance.random() < (0.9 if is_worse else 0.4))]
            places = tuple(names.index(labels[name]) if name in labels else 0 for name, names in dimensions.items())
            add_cells(cells, {self.layout.code_of(places): [1]})
        return cells


def leaks(
    stream: SmallStream, results: list[Result], alerts: Iterable[Alert] = (), *, with_gate: bool = True
) -> list[Sum]:
    """Return what the attacker learns from everything that was ever shown of some results and alerts."""
    if not with_gate:
        results = [msgspec.structs.replace(result, withheld=msgspec.UNSET) for result in results]
    attacker, k = stream.attacker(), stream.model.privacy.k
    seen = alert_sums(alerts, k)
    windows = {*seen_in(disclose_result(result, k) for result in results)}
    attacker.see({*without_computed(windows, stream.count), *seen})
    return attacker.pinned(stream.asked(results, seen), k)


def alert_sums(alerts: Iterable[Alert], k: int) -> list[Sum]:
    """Return the exact numbers of people that some alerts show."""
    shown = [alert for alert in (disclose_alert(alert, k) for alert in alerts) if not alert.is_rounded]
    return [
        Sum(alert.start_s, alert.end_s, tuple(alert.attribute.split(CROSS)), frozenset([tuple(group.split(AND))]), n)
        for alert in shown
        for group, n in ((alert.group, alert.n), (alert.reference, alert.n_reference))
        if n is not None
    ]


def _people(cells: Cells) -> int:
    return sum(vector[0] for vector in cells.values())


def _parts(shares: np.ndarray) -> np.ndarray:
    return np.asarray(shares / shares.sum())


def changes_of_revisions(results: list[Result], k: int, *, with_gate: bool = True) -> list[int]:
    """Return by how many people the groups of a window differ between two revisions of it, where that is 1 to k-1."""
    shown: dict[tuple[str, tuple[str, ...]], int] = {}
    changes = []
    for result in results:
        if result.window == "total":
            continue
        seen = result
        if not with_gate:
            seen = msgspec.structs.replace(result, withheld=msgspec.UNSET)
        for group in disclose_result(seen, k).groups:
            if group.n is not None:
                before = shown.setdefault((result.key, group.labels), group.n)
                changes.append(abs(group.n - before))
                shown[result.key, group.labels] = group.n
    return [n for n in changes if 0 < n < k]
