"""Running totals that readers can compute themselves: windows that follow one another, each of which shows a group.

Such totals say nothing that was not shown before, so they can be shown at once, between the moments at which totals are
compared with everything that was released. Of each table is remembered what is known at the end of the newest window,
and at the start of each larger window that is still open; and what all windows without a hidden group show together,
which readers can compute however many others lie between them.

A group without decisions in a window counts as shown, as everywhere in the release gate; unless all people of a window
are too few for any group, since totals that show some groups there would say who they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

Labels = tuple[str, ...]
Counts = tuple[int, int]  # decisions, and favorable ones among them


@dataclass(slots=True)
class Known:
    """What readers know of one table from the beginning to one moment.

    Attributes:
        counts: By group; those that had no decision are left out.
        unknown: Groups of which they do not know it.
    """

    counts: dict[Labels, Counts] = field(default_factory=dict)
    unknown: set[Labels] = field(default_factory=set)


class ComputedTotals:
    """The running totals that follow from windows.

    Args:
        begin_s: From when on everything was taken in; None before the first window.
        until_s: End of the newest of the smallest windows; None before the first.
        looked_s: The newest end at which totals were looked at; None before the first.
        known: What is known, by table and moment.
        complete: Counts of the windows without a hidden group together, by table.

    >>> totals = ComputedTotals()
    >>> totals.move_to(0, 60, [60, 300])
    >>> totals.add("sex", 0, 60, {("f",): (12, 5)}, hidden=[("x",)])
    >>> totals.newest("sex")
    Known(counts={('f',): (12, 5)}, unknown={('x',)})
    """

    def __init__(
        self,
        begin_s: int | None = None,
        until_s: int | None = None,
        looked_s: int | None = None,
        known: Mapping[str, Mapping[int, Known]] | None = None,
        complete: Mapping[str, Mapping[Labels, Counts]] | None = None,
    ) -> None:
        self.begin_s, self.until_s, self.looked_s = begin_s, until_s, looked_s
        self.known: dict[str, dict[int, Known]] = {name: dict(moments) for name, moments in (known or {}).items()}
        self.complete: dict[str, dict[Labels, Counts]] = {
            name: dict(counts) for name, counts in (complete or {}).items()
        }

    def move_to(self, start_s: int, end_s: int, sizes_s: Collection[int]) -> None:
        """Note that one of the smallest windows has ended: nobody was counted since the one before it.

        Args:
            start_s: Its start.
            end_s: Its end.
            sizes_s: Sizes of all windows.
        """
        starts_s = {start_s - start_s % size_s for size_s in sizes_s}
        last_s = self.until_s
        if last_s is None:
            self.begin_s, last_s = min(starts_s), start_s
        for moments in self.known.values():
            for begun_s in starts_s:
                if begun_s > last_s and last_s in moments:
                    moments[begun_s] = moments[last_s]
            for moment_s in moments.keys() - starts_s:
                del moments[moment_s]
        self.until_s = end_s

    def add(
        self,
        name: str,
        start_s: int,
        end_s: int,
        shown: Mapping[Labels, Counts],
        hidden: Collection[Labels],
        *,
        has_few: bool = False,
    ) -> None:
        """Take in what a window shows of one table.

        Args:
            name: Name of the table.
            start_s: Its start.
            end_s: Its end.
            shown: Counts of the groups that it shows.
            hidden: The groups with decisions that it hides.
            has_few: Whether that is too few people for any group, so that nobody knows which groups have none either.
        """
        moments = self.known.setdefault(name, {})
        before = Known() if self.begin_s is not None and start_s <= self.begin_s else moments.get(start_s)
        if before is None:
            return
        counts = dict(before.counts)
        _add(counts, shown)
        unknown = before.unknown | set(hidden) | (before.counts.keys() if has_few else set())
        self._learn(moments, end_s, counts, unknown)

    def add_complete(self, name: str, shown: Mapping[Labels, Counts]) -> None:
        """Take in what one of the smallest windows shows of one table, where no table of it hides a group."""
        _add(self.complete.setdefault(name, {}), shown)

    def learn(self, name: str, counts: Mapping[Labels, Counts], unknown: Collection[Labels]) -> None:
        """Take in running totals that were shown, as of the end of the newest window.

        Args:
            name: Name of the table.
            counts: Counts of the groups that they show.
            unknown: The groups with decisions that they hide.
        """
        if self.until_s is not None:
            self._learn(self.known.setdefault(name, {}), self.until_s, dict(counts), set(unknown))

    def begin_at(self, start_s: int) -> None:
        """Forget everything if something was counted before it began."""
        if self.begin_s is not None and start_s < self.begin_s:
            self.begin_s, self.known, self.complete = start_s, {}, {}

    def newest(self, name: str) -> Known | None:
        """Return what is known of a table at the end of the newest window; None if that is nothing."""
        return None if self.until_s is None else self.known.get(name, {}).get(self.until_s)

    @staticmethod
    def _learn(moments: dict[int, Known], moment_s: int, counts: dict[Labels, Counts], unknown: set[Labels]) -> None:
        if (former := moments.get(moment_s)) is not None:
            counts |= {labels: former.counts[labels] for labels in unknown & former.counts.keys()}
            unknown &= former.unknown
        moments[moment_s] = Known(counts, unknown)


def _add(counts: dict[Labels, Counts], more: Mapping[Labels, Counts]) -> None:
    for labels, (n, favorable) in more.items():
        former = counts.get(labels, (0, 0))
        counts[labels] = (former[0] + n, former[1] + favorable)
