"""From a drift to the page, and from the recovery to the resolved message, with the default windows; the quick form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.page_check.claims import Episode, Story, check, stories_of
from tests.programs.page_check.messages import Message, render
from tests.programs.page_check.quick import run_quick
from tests.support.servers.alerting import need_servers, need_tool


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Episode], list[Message]]:
    need_servers()
    need_tool("amtool")
    return run_quick(tmp_path_factory.mktemp("pages"))


@pytest.mark.timeout(900)
def test_every_claim_about_the_messages_of_a_breach_and_a_milder_one_holds(
    sent: tuple[list[Episode], list[Message]], tmp_path: Path
) -> None:
    episodes, messages = sent
    assert [bool(story.messages) for story in stories_of(episodes, messages)] == [True, True]
    claims = check(stories_of(episodes, messages), lambda message: len(render(message.notification, tmp_path)))
    assert {claim.text: claim.failures for claim in claims if claim.failures} == {}


def test_a_claim_that_does_not_hold_would_be_noticed(sent: tuple[list[Episode], list[Message]]) -> None:
    episodes, messages = sent
    silent = [Story(episode, ()) for episode in episodes]
    assert {claim.text for claim in check(silent, lambda _: 0) if claim.failures} == {
        "every breach is paged",
        "the resolved message says when it ended and how long it lasted",
    }
    twice = [Story(episodes[0], tuple(messages) + tuple(messages))]
    failing = {claim.text for claim in check(twice, lambda _: 5000) if claim.failures}
    assert "a breach and its intersections are one alert with at most two messages" in failing
    assert any("fewer than 1500 characters" in text for text in failing)
