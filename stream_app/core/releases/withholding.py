"""What tables of freely chosen ranges of time may show beside everything that was shown before.

Cell by cell: one that lets fewer than k people follow is withheld, and the others stay. What was shown before is shown
again. So the same tables again are the same, and cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from stream_app.core.releases.knowledge import Chains, Knowledge
from stream_app.core.releases.overlaps.choosing import counts_to_hide
from stream_app.core.releases.related import Count, Labels, Members, People

CROSS = "+"  # joins the names of attributes
WITHIN = "|"  # follows the name of an attribute where not all decisions are counted
OnProgress = Callable[[int, int], object]
Group = frozenset[str]  # groups of the policy that are counted as one
Cell = tuple[Group, ...]  # a group of each attribute of a table
Shape = tuple[tuple[str, ...], tuple[tuple[Group, ...], ...], str]  # attributes, their groups, and what is counted


class ReleasedTable(NamedTuple):
    """People of an attribute, or of a cross of attributes, in a range of time.

    Attributes:
        attributes: Names of the attributes.
        groups: All groups of each attribute; they do not overlap.
        start_s: Start of the range.
        end_s: Its end.
        people: People by cell. What is not there has nobody, and a reader may know that.
        shown: Cells that are shown, the most important first.
        part: What decisions are counted, where not all are; the same words mean the same decisions.
        is_whole: Whether ``people`` has every cell; where it has some only, of the others nothing is known.
    """

    attributes: tuple[str, ...]
    groups: tuple[tuple[Group, ...], ...]
    start_s: int
    end_s: int
    people: Mapping[Cell, int]
    shown: Sequence[Cell]
    part: str = ""
    is_whole: bool = True

    @property
    def shape(self) -> Shape:
        """What tables of the same sets have in common."""
        return self.attributes, self.groups, self.part

    def set_of(self, cell: Cell) -> People:
        """Return the set of people of a cell."""
        return People(_name(self.attributes, self.part), _members(cell))


def choose_shown(
    knowledge: Knowledge,
    tables: Sequence[ReleasedTable],
    live: Sequence[ReleasedTable] = (),
    on_progress: OnProgress = lambda _, __: None,
) -> list[set[Cell]]:
    """Return the cells that each table may show, and take them in.

    Args:
        knowledge: What was shown before; it knows these tables afterwards.
        tables: The tables, those that matter most first. Among them, fewer attributes go first.
        live: What was published of the same time, which need not be noted.
        on_progress: Called with the number of tables that were compared, and of all.
    """
    order = sorted(range(len(tables)), key=lambda number: len(tables[number].attributes))
    never_populated = _relate(knowledge, [*live, *tables])
    for table in live:
        _add_known(knowledge, table, never_populated, is_former=True)
        for cell in table.shown:
            knowledge.add(_count(table, cell))
            knowledge.note_shown(_count(table, cell), is_former=True)
    knowledge.settle()
    for table in tables:
        _add_known(knowledge, table, never_populated)
    kept: list[set[Cell]] = [set() for _ in tables]
    mark, is_new, views = knowledge.mark(), _has_news(knowledge, tables), [knowledge.chains(), knowledge.shown_chains()]
    for n_done, number in enumerate(order, 1):
        kept[number] = _choose(knowledge, tables[number])
        on_progress(n_done, len(tables))
    if is_new and (hidden := _to_hide(knowledge, views, tables, kept)):
        knowledge.undo(mark)
        for count in hidden:
            knowledge.withhold(count)
        for number in order:
            kept[number] = _choose(knowledge, tables[number])
    for table, cells in zip(tables, kept, strict=True):
        for cell in cells:
            knowledge.note_shown(_count(table, cell))
    return kept


def _has_news(knowledge: Knowledge, tables: Sequence[ReleasedTable]) -> bool:
    """Return whether anything would be shown that does not follow already."""
    counts = (_count(table, cell) for table in tables for cell in table.shown)
    return any(not knowledge.knows(count) and not knowledge.is_withheld(count) for count in counts)


def _to_hide(
    knowledge: Knowledge, views: Sequence[Chains], tables: Sequence[ReleasedTable], kept: Sequence[set[Cell]]
) -> list[Count]:
    """Return the counts that let fewer than k people follow from several lines at once."""
    counts = [
        _count(table, cell) for table, cells in zip(tables, kept, strict=True) for cell in table.shown if cell in cells
    ]
    suffixes = dict.fromkeys(_name((), table.part) for table in tables)
    is_strict = all(table.is_whole for table in tables)
    hidden = counts_to_hide(views, counts, suffixes, knowledge.k, is_strict=is_strict)
    return [counts[number] for number in sorted(hidden)]


def _choose(knowledge: Knowledge, table: ReleasedTable) -> set[Cell]:
    counts = {cell: _count(table, cell) for cell in table.shown}
    counts = {cell: count for cell, count in counts.items() if not knowledge.is_withheld(count)}
    kept = [cell for cell, count in counts.items() if knowledge.knows(count)]
    n_known, marks = len(kept), []
    changed = {cell for cell, count in counts.items() if knowledge.change_of(count)}
    if changed and _has_few_changed(knowledge, table):
        counts = {cell: count for cell, count in counts.items() if cell not in changed}
    for cell, count in counts.items():
        mark = knowledge.mark()
        if cell not in kept and knowledge.add_if_safe(count):
            kept.append(cell)
            marks.append(mark)
    while not add_rest(knowledge, table, kept) and len(kept) > n_known:
        kept.pop()
        knowledge.undo(marks.pop())
    for cell in table.shown:
        if cell not in kept:
            knowledge.withhold(_count(table, cell))
    return set(kept)


def _has_few_changed(knowledge: Knowledge, table: ReleasedTable) -> bool:
    """Return whether a group has changed by fewer than k people since it was shown, as the log has grown."""
    changes = (knowledge.change_of(_count(table, cell)) for cell in table.people)
    return any(knowledge.is_few(change) for change in changes)


def add_rest(knowledge: Knowledge, table: ReleasedTable, kept: Sequence[Cell]) -> bool:
    """Take in what all groups that are hidden have together; return False where fewer than k people follow from it.

    Args:
        knowledge: What was shown before.
        table: A table that was taken in.
        kept: The cells that it shows.
    """
    hidden = [cell for cell in _cells(table) if cell not in kept]
    n = sum(table.people.get(cell, 0) for cell in hidden)
    if len(table.attributes) > 1 or len(hidden) <= 1 or not n or not kept or not table.is_whole:
        return True
    rest = People(_name(table.attributes, table.part), frozenset().union(*map(_members, hidden)))
    mark = knowledge.mark()
    _relate_set(knowledge, table, rest.members)
    if knowledge.add_if_safe(Count(rest, table.start_s, table.end_s, n)):
        return True
    knowledge.undo(mark)  # another process would not know that the set was related
    return False


def _add_known(
    knowledge: Knowledge,
    table: ReleasedTable,
    never_populated: Mapping[Shape, Iterable[People]],
    *,
    is_former: bool = False,
) -> None:
    """Take in what is no secret: how many decisions there are in all, and which cells have nobody."""
    if not table.is_whole:
        return
    total = Count(_everybody(table), table.start_s, table.end_s, sum(table.people.values()))
    knowledge.add(total)
    knowledge.note_shown(total, is_former=is_former)
    for cell in _cells(table):
        if not table.people.get(cell) and knowledge.is_related(table.set_of(cell)):
            knowledge.add(_count(table, cell))
    for people in never_populated[table.shape]:
        knowledge.add(Count(people, table.start_s, table.end_s, 0))


def _relate(knowledge: Knowledge, tables: Iterable[ReleasedTable]) -> dict[Shape, list[People]]:
    """Note which sets of people consist of which others; return those that have nobody in any of the tables.

    What one table is related to is a former set for others, so this is done until there are no more: the next process
    will begin there.
    """
    shapes: dict[Shape, ReleasedTable] = {}
    populated: dict[tuple[str, ...], set[Cell]] = {}
    for table in tables:
        shapes.setdefault(table.shape, table)
        populated.setdefault(table.attributes, set()).update(table.people)
    never_populated: dict[Shape, list[People]] = {shape: [] for shape in shapes}
    n_sets = -1
    while knowledge.n_sets > n_sets:
        n_sets = knowledge.n_sets
        for shape, table in shapes.items():
            _relate_part(knowledge, table)
            if len(table.attributes) == 1:
                _relate_groups(knowledge, table)
            else:
                never_populated[shape] = _relate_lines(knowledge, table, populated[table.attributes])
    return never_populated


def _relate_part(knowledge: Knowledge, table: ReleasedTable) -> None:
    """Note that all decisions are those that are counted and the others."""
    if table.part:
        parts, sets = (table.part, f"other than {table.part}"), [frozenset(), *map(_members, _cells(table))]
        for members in sets:
            attributes = table.attributes if members else ()
            whole, *each = (People(_name(attributes, part), members) for part in ("", *parts))
            knowledge.relate(whole, each)


def _relate_groups(knowledge: Knowledge, table: ReleasedTable) -> None:
    knowledge.relate(_everybody(table), [table.set_of(cell) for cell in _cells(table)])
    for members in (*knowledge.sets_of(_name(table.attributes, table.part)), *map(_members, _cells(table))):
        _relate_set(knowledge, table, members)


def _relate_lines(knowledge: Knowledge, table: ReleasedTable, populated: set[Cell]) -> list[People]:
    """Note what the lines of a cross consist of; return the cells of each that have nobody here, as one set.

    Former tables may have had people in these cells and have hidden them, so a line without them would be too small.
    """
    name, never_populated = _name(table.attributes, table.part), dict[People, None]()
    former = set(knowledge.sets_of(name))
    own = {cell for cell in _cells(table) if cell in populated or _members(cell) in former}
    for margin, line in _lines(table):
        sets = [table.set_of(cell) for cell in line if cell in own]
        if not sets:
            continue
        if others := [cell for cell in line if cell not in own]:
            rest = People(name, frozenset[Labels]().union(*map(_members, others)))
            never_populated[rest] = None
            sets.append(rest)
        knowledge.relate(margin, sets)
    return list(never_populated)


def _lines(table: ReleasedTable) -> Iterator[tuple[People, list[Cell]]]:
    """Yield each margin of a cross of one attribute less, and the cells that it consists of."""
    for place in range(len(table.attributes)):
        attributes = (*table.attributes[:place], *table.attributes[place + 1 :])
        lines: dict[Cell, list[Cell]] = {}
        for cell in _cells(table):
            lines.setdefault((*cell[:place], *cell[place + 1 :]), []).append(cell)
        for margin, line in lines.items():
            yield People(_name(attributes, table.part), _members(margin)), line


def _relate_set(knowledge: Knowledge, table: ReleasedTable, members: Members) -> None:
    """Note what a set of several groups consists of, and that everybody is this set and the other groups."""
    if len(members) <= 1:
        return
    name = _name(table.attributes, table.part)
    every = {labels for cell in _cells(table) for labels in _members(cell)}
    singles = {labels: People(name, frozenset([labels])) for labels in sorted(every | members)}
    knowledge.relate(People(name, members), [singles[labels] for labels in sorted(members)])
    others = [singles[labels] for labels in sorted(every - members)]
    knowledge.relate(_everybody(table), [People(name, members), *others])


def _everybody(table: ReleasedTable) -> People:
    return People(_name((), table.part), frozenset())


def _cells(table: ReleasedTable) -> Iterator[Cell]:
    return product(*table.groups)


def _members(cell: Cell) -> Members:
    return frozenset(product(*cell))


def _count(table: ReleasedTable, cell: Cell) -> Count:
    return Count(table.set_of(cell), table.start_s, table.end_s, table.people.get(cell, 0))


def _name(attributes: Sequence[str], part: str) -> str:
    return CROSS.join(attributes) + (f"{WITHIN}{part}" if part else "")
