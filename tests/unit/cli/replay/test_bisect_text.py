"""``fairstream replay bisect`` for people: every version is shown with what may be shown of it."""

from __future__ import annotations

from stream_app.cli.replay.texts.bisect import describe
from stream_app.pipeline.replay.bisect.bisection import Bisection
from stream_app.pipeline.replay.bisect.onset import Pane, Segments, find_onset
from stream_app.pipeline.replay.bisect.version_change import explain_versions

START_S, K = 1_795_449_600, 10  # 2026-11-23 16:00:00Z


def text_of(before: tuple[Segments, Segments], after: tuple[Segments, Segments], *, is_cut: bool = False) -> str:
    """Return the text about 20 panes of each kind."""
    panes: list[Pane] = [(START_S + 10 * n, *(before if n < 20 else after)) for n in range(40)]
    onset = find_onset(panes, "gap", K)
    assert onset is not None
    bisection = Bisection(onset, explain_versions(panes, onset, K, is_cut=is_cut), {0: 7, 1: 9})
    return "\n".join(describe(bisection, "female vs. male", K))


def test_a_canary_is_shown_with_the_version_that_continues() -> None:
    text = text_of(({"1": (200, 140)},) * 2, ({"1": (160, 112), "2": (40, 4)}, {"1": (160, 112), "2": (40, 28)}))
    assert "changed at 2026-11-23 16:03:20Z" in text
    assert "model version: 2, first seen 2026-11-23 16:03:20Z: its share of the decisions rose most" in text
    # Of the rate of women, 0.7 before and 0.58 after, each share counts by its distance from the middle, 0.64.
    assert "1: mix -0.0120, rate +0.0000; before gap +0.000, n 4,000 and 4,000; after gap +0.000, n 3,200" in text
    assert "2: mix -0.1080, rate +0.0000; before fewer than 10 decisions; after gap -0.600, n 800 and 800" in text
    assert text.endswith("by partition: [0] 7, [1] 9")


def test_what_is_not_known_is_said() -> None:
    one_sided = text_of(({"1": (200, 140)},) * 2, ({"2": (200, 40)}, {"1": (200, 140)}), is_cut=True)
    assert "after n 4,000 and fewer than 10" in one_sided
    assert "too many versions" in one_sided
    same = text_of(({"7": (200, 140)},) * 2, ({"7": (200, 40)}, {"7": (200, 140)}))
    assert "model version: 7 before and after" in same
    split = {"1": (100, 70), "2": (100, 70)}
    assert "no version's share rose" in text_of((split, split), ({"1": (100, 20), "2": (100, 20)}, split))


def test_of_many_versions_the_greatest_are_text_of() -> None:
    fair = {str(number): (100, 70) for number in range(12)}
    text = text_of((fair, fair), (dict.fromkeys(fair, (100, 20)), fair))
    assert "and 4 more, see --json" in text


def test_a_policy_that_names_no_version_is_shown_none() -> None:
    panes: list[Pane] = [(n, {"all": (200, 140 if n < 5 else 40)}, {"all": (200, 140)}) for n in range(10)]
    lines = list(describe(Bisection(find_onset(panes, "gap", K)), "female vs. male", K))
    assert not any("version" in line or "segment: " in line for line in lines)
    assert list(describe(Bisection(), "female vs. male", K)) == []
