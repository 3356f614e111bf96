"""What the tests of a former policy leave to those of the present one: evidence, breaches, and what ends.

Tests are the same where attribute, group, reference and question are (their *key*). A test whose facts are the same
too (its limit, what it counts, the design effect) keeps its evidence, whatever its threshold is now. A breach stays
open whatever changed, as long as its test exists: only evidence of a recovery, by the present limit, ends it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stream_app import __version__
from stream_app.pipeline.records.alerts import MonitoringRestart, NamedTest
from stream_app.pipeline.records.results import Offsets


class IdentifiedTest(NamedTuple):
    """What identifies a test.

    Attributes:
        name: Its name in records.
        key: Attributes, groups, reference and question: equal for the test that another policy has in its place.
        facts: What its evidence depends on beside that.
    """

    name: NamedTest
    key: Hashable
    facts: Hashable


@dataclass(frozen=True)
class ContinuedTests:
    """How the tests of a model continue under another policy.

    Attributes:
        n_kept: Tests that keep their evidence.
        restarted: Tests that start without evidence, though there was a test of that name.
        open_breaches: Breaches that stay open, and whose recovery needs evidence from now on.
        ended_breaches: Breaches whose test does not exist any more.
    """

    n_kept: int = 0
    restarted: tuple[NamedTest, ...] = ()
    open_breaches: tuple[NamedTest, ...] = ()
    ended_breaches: tuple[NamedTest, ...] = ()

    @property
    def is_noteworthy(self) -> bool:
        """Whether any evidence is lost."""
        return bool(self.restarted or self.open_breaches or self.ended_breaches)

    def __add__(self, other: ContinuedTests) -> ContinuedTests:
        return ContinuedTests(
            self.n_kept + other.n_kept,
            self.restarted + other.restarted,
            self.open_breaches + other.open_breaches,
            self.ended_breaches + other.ended_breaches,
        )


def restart_sentence(continued: ContinuedTests, former_policy: str, policy: str) -> str:
    """Return in one sentence how the tests continue.

    >>> name = NamedTest("sex", "female", "ratio_low")
    >>> restart_sentence(ContinuedTests(3, (name,)), "aaaa", "bbbb")
    'Monitoring restarted: policy aaaa -> bbbb. 1 test starts without evidence, 3 keep theirs.'
    """
    n_restarted, n_open, n_ended = map(len, (continued.restarted, continued.open_breaches, continued.ended_breaches))
    tests = f"{n_restarted} {'test starts' if n_restarted == 1 else 'tests start'} without evidence"
    text = f"Monitoring restarted: policy {former_policy or 'of version 0.2'} -> {policy}. {tests}"
    text += f", {continued.n_kept} {'keeps its own' if continued.n_kept == 1 else 'keep theirs'}"
    if n_open:
        breaches = "breach stays" if n_open == 1 else "breaches stay"
        text += f"; {n_open} {breaches} open until there is evidence of a recovery"
    if n_ended:
        text += f"; {n_ended} open {'breach is' if n_ended == 1 else 'breaches are'} not tested any more"
    return text + "."


def restart_of(
    continued: ContinuedTests, name: str, former_policy: str, policy: str, at_s: int | None, offsets: Offsets
) -> MonitoringRestart:
    """Return the record that the monitoring of a model, or of its outcomes, was restarted."""
    return MonitoringRestart(
        model=name,
        at_s=at_s,
        former_policy_hash=former_policy,
        policy_hash=policy,
        n_kept=continued.n_kept,
        n_restarted=len(continued.restarted),
        open_breaches=continued.open_breaches,
        ended_breaches=continued.ended_breaches,
        sentence=restart_sentence(continued, former_policy, policy),
        offsets=offsets,
        code_version=__version__,
    )


class MatchedTests(NamedTuple):
    """Which test of the present policy is which of the former one.

    Attributes:
        kept: Numbers of tests that are the same, present and former.
        changed: Numbers of tests of the same key and other facts, likewise.
        gone: Numbers of former tests without a present one.
    """

    kept: list[tuple[int, int]]
    changed: list[tuple[int, int]]
    gone: list[int]


def match_tests(present: Sequence[IdentifiedTest], former: Sequence[IdentifiedTest]) -> MatchedTests:
    """Match the tests of two policies.

    >>> def test(group: str, limit: float) -> IdentifiedTest:
    ...     return IdentifiedTest(NamedTest("sex", group, "ratio_low"), (group, "ratio_low"), limit)
    >>> match_tests([test("x", 0.8), test("f", 0.8)], [test("f", 0.8), test("y", 0.8)])
    MatchedTests(kept=[(1, 0)], changed=[], gone=[1])
    >>> match_tests([test("f", 0.9)], [test("f", 0.8)]).changed
    [(0, 0)]
    """
    numbers = {identity.key: number for number, identity in enumerate(former)}
    pairs = [(number, numbers.pop(identity.key)) for number, identity in enumerate(present) if identity.key in numbers]
    kept = [pair for pair in pairs if present[pair[0]].facts == former[pair[1]].facts]
    changed = [pair for pair in pairs if present[pair[0]].facts != former[pair[1]].facts]
    return MatchedTests(kept, changed, sorted(numbers.values()))
