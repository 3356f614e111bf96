"""An attacker pins no few people by runs with cuts by segment, bisections and remedies; without the ledger some.

People have a gender, a region, a score and complete features or not. Each case is some commands that people choose:
decisions by cuts of their own for each region, the parts of a change by region, cuts of a score, and how many cases
were complete. Each is a process of its own, that knows the others from the file alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product
from pathlib import Path

import msgspec
import pytest

from stream_app.pipeline.replay.bisect.shown_parts import ShownParts
from stream_app.pipeline.replay.search.decided_cuts import DecidedCut
from stream_app.pipeline.replay.search.released_cuts import segments_of
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy
from stream_app.programs.replay.release.cases import ReleasedCases
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.parts import release_parts
from stream_app.settings import load_settings
from tests.support.attacker import Attacker, Sum
from tests.support.small_streams import GENDERS, PANE_S, small_model

K, N_PANES, N_PLACES = 10, 6, 5
MODEL = msgspec.convert(
    msgspec.to_builtins(small_model({"60s": 60}))
    | {"segment": {"name": "region", "path": "region", "values": ("north", "south")}},
    ModelPolicy,
)
REGIONS, PLACES, COMPLETE = ("north", "south"), tuple(map(str, range(N_PLACES))), ("yes", "no")
GROUPS = {"gender": GENDERS, "region": REGIONS, "place": PLACES, "complete": COMPLETE}
Person = tuple[int, str, str, str, str]  # pane, gender, region, place of the score, whether features are complete


class Attack:
    """Random commands about a few hundred people.

    Args:
        seed: Of the people and the commands.
        folder: The state folder; None without the ledger.
    """

    def __init__(self, seed: int, folder: Path | None) -> None:
        self._chance, self._folder = random.Random(seed), folder
        draw = self._chance.choices
        self.people: list[Person] = [
            (
                self._chance.randrange(N_PANES),
                draw(GENDERS, (3, 5))[0],
                draw(REGIONS, (1, 2))[0],
                draw(PLACES, (4, 1, 3, 1, 2))[0],
                draw(COMPLETE, (12, 1))[0],
            )
            for _ in range(self._chance.choice([250, 400, 700]))
        ]
        self.seen: set[Sum] = set()
        for _ in range(5):
            self._chance.choice([self._run, self._bisect, self._goal, self._fit])()

    def pinned(self) -> list[Sum]:
        """Return the sets of fewer than k people whose number follows."""
        totals = Counter(person[0] * PANE_S for person in self.people)
        attacker = Attacker(GROUPS, totals)
        attacker.see(self.seen)
        return attacker.pinned(self._asked(), K)

    def _sum(self, start: int, end: int, names: tuple[str, ...], labels: Iterable[tuple[str, ...]]) -> Sum:
        chosen, places = frozenset(labels), [1 + list(GROUPS).index(name) for name in names]
        n = sum(start <= person[0] < end and tuple(person[p] for p in places) in chosen for person in self.people)
        return Sum(start * PANE_S, end * PANE_S, names, chosen, n)

    def _reaching(self, gender: str, regions: Iterable[str], first: int) -> Sum:
        labels = product((gender,), regions, PLACES[first:])
        return self._sum(0, N_PANES, ("gender", "region", "place"), labels)

    def _former(self) -> FormerReleases:
        return FormerReleases(load_settings({}, state_dir=str(self._folder)), MODEL, MODEL.topic)

    def _run(self) -> None:
        """Decide by a cut of each region, or of one of them."""
        cuts = {region: self._chance.randrange(1, N_PLACES) for region in self._chance.choice([REGIONS, REGIONS[:1]])}
        ends = 0, N_PANES * PANE_S
        decided = DecidedCut("score", cuts, *ends, segments_of(MODEL))
        axis = decided.axis(*ends, is_total=True)
        for gender in GENDERS:
            shown = {region: self._reaching(gender, (region,), cut) for region, cut in cuts.items()}
            if any(each.n < K for each in shown.values()):
                continue
            if self._folder is not None:
                with self._former().opened() as knowledge:
                    decided.relate(knowledge, axis, "gender", (*GENDERS, UNKNOWN, OTHER))
                    counts = [
                        axis.count("gender", gender, cuts[region], each.n, region) for region, each in shown.items()
                    ]
                    for empty, cut in product((UNKNOWN, OTHER), cuts.values()):
                        knowledge.add(axis.count("gender", gender, cut, 0, empty))
                    if not all(map(knowledge.add_for_good, counts)):
                        continue
            self.seen |= {*shown.values()}

    def _goal(self) -> None:
        """Choose a cut for each gender."""
        for gender in GENDERS:
            cut = self._chance.randrange(1, N_PLACES)
            each = self._reaching(gender, REGIONS, cut)
            is_shown = each.n >= K and self._sum(0, N_PANES, ("gender",), [(gender,)]).n - each.n >= K
            if is_shown and self._cases().cuts("", gender, {cut: each.n}):
                self.seen.add(each)

    def _bisect(self) -> None:
        """Split the range at a pane, and each side by region."""
        at, parts, sums = self._chance.randrange(1, N_PANES), list[ShownParts](), set[Sum]()
        for gender, (start, end) in product(GENDERS, ((0, at), (at, N_PANES))):
            of_region = {region: self._sum(start, end, ("gender", "region"), [(gender, region)]) for region in REGIONS}
            sets = {frozenset([region]): each.n for region, each in of_region.items()}
            parts.append(ShownParts(gender, TimeRange(start * PANE_S, end * PANE_S), sets))
            sums |= {*of_region.values()}
        if any(each.n < K for each in sums):
            return
        if self._folder is None or release_parts(self._former(), "gender", "segment", parts):
            self.seen |= sums

    def _fit(self) -> None:
        """Count all cases and the complete ones in a range."""
        start = self._chance.randrange(N_PANES - 1)
        end = self._chance.randrange(start + 1, N_PANES + 1)
        for part, names in (("", ("gender",)), ("complete cases", ("gender", "complete"))):
            labels = {gender: (gender, "yes")[: len(names)] for gender in GENDERS}
            sums = {gender: self._sum(start, end, names, [labels[gender]]) for gender in GENDERS}
            people = dict.fromkeys((UNKNOWN, OTHER), 0) | {gender: each.n for gender, each in sums.items()}
            shown = self._cases(start, end).groups(part, people)
            self.seen |= {each for gender, each in sums.items() if gender in shown}

    def _cases(self, start: int = 0, end: int = N_PANES) -> ReleasedCases | Everything:
        time_range = TimeRange(start * PANE_S, end * PANE_S)
        return Everything() if self._folder is None else ReleasedCases(self._former(), "gender", "score", time_range)

    def _asked(self) -> Iterator[Sum]:
        """Yield people by gender and region between any two moments, or between any two cuts, and who is incomplete."""
        for start, end in combinations(range(N_PANES + 1), 2):
            for gender, region in product(GENDERS, REGIONS):
                yield self._sum(start, end, ("gender", "region"), [(gender, region)])
            for gender, is_complete in product(GENDERS, COMPLETE):
                yield self._sum(start, end, ("gender", "complete"), [(gender, is_complete)])
        for first, last in combinations(range(N_PLACES + 1), 2):
            for gender, regions in product(GENDERS, (REGIONS, *((region,) for region in REGIONS))):
                labels = product((gender,), regions, PLACES[first:last])
                yield self._sum(0, N_PANES, ("gender", "region", "place"), labels)


class Everything:
    """Shows every group of k people and every cut: what would be seen without the ledger."""

    def groups(self, _: str, people: Mapping[str, int]) -> set[str]:
        return {group for group, n in people.items() if n >= K}

    def cuts(self, _: str, __: str, reached: Mapping[float, int]) -> set[float]:
        return {*reached}


SEEDS = range(3000, 3010)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_commands_about_cuts_parts_and_cases_pin_a_few_people(tmp_path: Path, seed: int) -> None:
    attack = Attack(seed, tmp_path)
    assert attack.pinned() == []


def test_something_is_shown_and_without_the_ledger_some_are_pinned(tmp_path: Path) -> None:
    assert sum(bool(Attack(seed, tmp_path / str(seed)).seen) for seed in SEEDS) >= 8
    assert sum(bool(Attack(seed, None).pinned()) for seed in SEEDS) >= 3
