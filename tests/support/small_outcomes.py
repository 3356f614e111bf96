"""Simulated outcomes in groups of few people, judged in memory: everything that leaves, and the truth about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

import msgspec
import numpy as np

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult, disclose_outcomes
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.stored.moved_state import move_entries
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.policy_book import RegisteredPolicy
from stream_app.pipeline.records.outcome_results import Measure, OutcomeResult
from stream_app.policy import ModelPolicy, load_policy
from tests.support.attacker import Attacker, Sum, without_computed
from tests.support.small_streams import GENDERS, PANE_S

SOURCE = SourcePartition("labels", 0)
GENDER, DECISION, OUTCOME = "gender", "decision", "outcome"
LABELS = {GENDER: (*GENDERS, "unknown"), DECISION: ("favorable", "unfavorable"), OUTCOME: ("favorable", "unfavorable")}


def outcome_model(windows: Mapping[str, int], groups: Sequence[str] = GENDERS, min_n: int = 30) -> ModelPolicy:
    """Return a policy whose outcomes are known for every decision."""
    fields = msgspec.json.decode(msgspec.json.encode(load_policy("credit").models[0]))
    fields["attributes"] = [{"name": GENDER, "path": GENDER, "groups": groups, "reference": "male"}]
    fields |= {"segment": None, "features": [], "privacy": {"k": 10}, "revision_s": 600, "score": None}
    fields["outcome"] |= {"is_selective": False}
    fields["rules"] |= {"min_n": min_n}
    fields["windows"] = [{"name": name, "size_s": size_s} for name, size_s in windows.items()]
    return msgspec.convert(fields, ModelPolicy)


@dataclass
class SmallOutcomes:
    """A seeded stream of outcomes; most of each pane belong to decisions of the same pane.

    Args:
        model: Its policy.
        n_panes: Panes of 10 s.
        rate: Decisions in a pane, on average.
        seed: Of the stream.
        waiting: Share of the decisions without an outcome that still have none after another pane.
        has_unknown: Whether some values are missing.
        quiet: Decisions in some panes, on average, where these are others.
    """

    model: ModelPolicy
    n_panes: int
    rate: float
    seed: int
    waiting: float = 0.5
    has_unknown: bool = field(default=True, kw_only=True)
    quiet: Mapping[int, float] = field(default_factory=dict, kw_only=True)
    people: list[Counter[tuple[str, str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance, left = np.random.default_rng(self.seed), Counter[tuple[str, str, str]]()
        for number in range(self.n_panes):
            pane = Counter[tuple[str, str, str]]()
            for _ in range(int(chance.poisson(self.quiet.get(number, self.rate)))):
                gender = LABELS[GENDER][chance.choice(3, p=(0.45, 0.53, 0.02) if self.has_unknown else (0.45, 0.55, 0))]
                pane[gender, LABELS[DECISION][int(chance.random() < 0.25)], "awaited"] += 1
            left += pane
            for (gender, decision, _), n in sorted(left.copy().items()):
                for _ in range(int(chance.binomial(n, 1 - self.waiting))):
                    pane[gender, decision, LABELS[OUTCOME][int(chance.random() < 0.3)]] += 1
                    left[gender, decision, "awaited"] -= 1
            self.people.append(pane)

    def judged(self, *, is_restarted: bool = False, other: ModelPolicy | None = None) -> list[OutcomeResult]:
        """Return every result of the judge, as it is published after each pane.

        Args:
            is_restarted: Whether it restarts after each pane.
            other: A policy that takes turns with its own after each pane.
        """
        name, model = outcomes_name(self.model.name), self.model
        judge, results = ModelJudge(model, model.hash(), {}, name=name), list[OutcomeResult]()
        for number, people in enumerate(self.people):
            end_s = (number + 1) * PANE_S
            progress = SourceProgress(number + 1, end_s, None, is_idle=False, first_offset=0)
            judge.take(SOURCE, 1, progress, {number * PANE_S: _cells(model, people)})
            judge.advance_to(end_s, end_s)
            results += judge.flush()[0].outcome_results
            stored = {entry: [data] for entry, data in judge.entries().items()}
            if other is not None:
                old, model = model, self.model if model is other else other
                new = RegisteredPolicy(model, model.hash(), number)
                moved = move_entries(stored, name, old, new, judge.n_journal_entries)
                former, judge = judge, ModelJudge(model, model.hash(), moved, name=name, moved_from=stored)
                judge.continue_tests(former)
            elif is_restarted:
                judge = ModelJudge(model, model.hash(), stored, name=name)
        return results

    def count(self, start_s: int, end_s: int, wanted: Mapping[str, str]) -> int:
        """Return the people in a range of time with some labels; all with an outcome where none is named."""
        wanted_outcomes = [wanted[OUTCOME]] if OUTCOME in wanted else LABELS[OUTCOME]
        return sum(
            n
            for people in self.people[start_s // PANE_S : end_s // PANE_S]
            for (gender, decision, outcome), n in people.items()
            if gender == wanted.get(GENDER, gender) and decision == wanted.get(DECISION, decision)
            if outcome in wanted_outcomes
        )

    def count_of(self, asked: Sum) -> int:
        """Return the people that somebody saw or asks about."""
        [labels] = asked.labels
        return self.count(asked.start_s, asked.end_s, dict(zip(asked.attributes, labels, strict=True)))


def _cells(model: ModelPolicy, people: Mapping[tuple[str, str, str], int]) -> Cells:
    layout, cells = outcome_layout_of(model), Cells()
    for (gender, decision, outcome), n in people.items():
        labels = {GENDER: gender, DECISION: decision, OUTCOME: outcome}
        places = (own.index(labels[dimension]) for dimension, own in layout.dimensions)
        add_cells(cells, {layout.code_of(places): [n]})
    return cells


def leaks(stream: SmallOutcomes, results: Iterable[OutcomeResult], *, with_gate: bool = True) -> list[Sum]:
    """Return what an attacker learns from everything that was ever shown of outcomes, by decision and outcome too."""
    starts_s = range(0, stream.n_panes * PANE_S, PANE_S)
    attacker = Attacker(LABELS, {start_s: stream.count(start_s, start_s + PANE_S, {}) for start_s in starts_s})
    attacker.see(without_computed({*seen_of(stream, results, with_gate=with_gate)}, stream.count_of))
    return attacker.pinned(_asked(stream, attacker.sums), stream.model.privacy.k)


def people_without_outcome(
    stream: SmallOutcomes, results: Iterable[OutcomeResult], *, with_gate: bool = True
) -> list[Sum]:
    """Return the groups of which fewer than k people without an outcome follow, where all decisions are known.

    A reader knows the decisions of each group up to the end of each window, and subtracts the outcomes of windows.
    """
    k = stream.model.privacy.k
    seen = without_computed({*seen_of(stream, results, with_gate=with_gate)}, stream.count_of)
    groups = sorted({(each.attributes, each.labels) for each in seen}, key=str)
    found = []
    for attributes, labels in groups:
        own = {(each.start_s, each.end_s) for each in seen if (each.attributes, each.labels) == (attributes, labels)}
        moments = sorted({0, *(moment for span in own for moment in span)})
        rows = np.array([[start_s <= at < end_s for at in moments] for start_s, end_s in own], float)
        wanted = dict(zip(attributes, next(iter(labels)), strict=True))
        if OUTCOME in wanted:
            continue
        for end_s in moments[1:]:
            target = np.array([at < end_s for at in moments], float)
            solved, *_ = np.linalg.lstsq(rows.T, target, rcond=None)
            left = stream.count(0, end_s, wanted | {OUTCOME: "awaited"}) - stream.count(0, end_s, wanted)
            if np.allclose(rows.T @ solved, target) and 0 < left < k:
                found.append(Sum(0, end_s, attributes, labels, left))
    return found


def seen_of(stream: SmallOutcomes, results: Iterable[OutcomeResult], *, with_gate: bool) -> Iterator[Sum]:
    """Yield the numbers of people that readers see: of groups, and the cases of each rate."""
    for result in results:
        own = result if with_gate else msgspec.structs.replace(result, withheld=msgspec.UNSET)
        yield from _seen_in(disclose_outcomes(own, stream.model.privacy.k))


def _seen_in(shown: DisclosedOutcomeResult) -> Iterator[Sum]:
    for group in shown.groups:
        cases = (
            ((GENDER,), (group.group,), group.n),
            ((GENDER, DECISION), (group.group, "favorable"), group.favorable_outcome_rate),
            ((GENDER, OUTCOME), (group.group, "favorable"), group.true_positive_rate),
            ((GENDER, OUTCOME), (group.group, "unfavorable"), group.false_positive_rate),
        )
        for attributes, labels, measure in cases:
            n = measure.n if isinstance(measure, Measure) and measure.value is not None else measure
            if isinstance(n, int):
                yield Sum(shown.start_s, shown.end_s, attributes, frozenset([labels]), n)


def _asked(stream: SmallOutcomes, seen: Iterable[Sum]) -> Iterator[Sum]:
    spans = {(each.start_s, each.end_s) for each in seen}
    spans |= {(a[1], b[1]) for a, b in combinations(sorted(spans), 2) if a[0] == b[0] and a[1] < b[1]}
    for start_s, end_s in sorted(spans):
        tables: tuple[tuple[str, ...], ...] = ((GENDER,), (GENDER, DECISION), (GENDER, OUTCOME))
        for attributes in tables:
            for labels in product(*(LABELS[name] for name in attributes)):
                n = stream.count(start_s, end_s, dict(zip(attributes, labels, strict=True)))
                yield Sum(start_s, end_s, attributes, frozenset([labels]), n)
