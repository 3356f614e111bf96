"""``docs/explanation/follow-one-event.md``: one event from the producer to ``/metrics``, each file opened once.

The page is the test of the layout: a change of the way of an event changes the walk.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.support.docs.names import defined_names
from tests.support.docs.pages import read_page
from tests.support.paths import ROOT

PAGE = read_page("docs", "explanation", "follow-one-event.md")
_STEP = re.compile(
    r"^### (?P<number>\d+)\. (?P<title>.+)\n\n\[(?P<shown>[^\]]+)\]\((?P<link>[^)]+)\): (?P<names>`.+`)\n", re.MULTILINE
)


class WalkStep(NamedTuple):
    """One step of the walk."""

    number: int
    path: str
    link: str
    names: tuple[str, ...]


STEPS = [
    WalkStep(int(match["number"]), match["shown"], match["link"], tuple(re.findall(r"`([^`]+)`", match["names"])))
    for match in _STEP.finditer(PAGE.text)
]


def test_every_step_names_its_file_and_what_to_read_there() -> None:
    assert [step.number for step in STEPS] == list(range(1, PAGE.text.count("\n### ") + 1))
    assert len(STEPS) > 20


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.path)
def test_every_file_and_every_name_exists(step: WalkStep) -> None:
    assert ROOT.joinpath(PAGE.path).parent.joinpath(step.link).resolve() == (ROOT / step.path).resolve()
    assert set(step.names) - defined_names(ROOT / step.path) == set()


def test_no_file_is_opened_twice() -> None:
    paths = [step.path for step in STEPS]
    assert sorted(set(paths)) == sorted(paths)
    assert len(re.findall(r"\]\(\.\./\.\./", PAGE.text)) == len(paths)


def test_the_walk_leads_from_the_producer_through_all_layers_to_the_server_of_the_metrics() -> None:
    paths = [step.path for step in STEPS]
    assert paths[0].startswith("producers/")
    assert paths[-1] == "stream_app/edges/metrics/server.py"
    layers = {path.rsplit("/", 1)[0] for path in paths}
    for folder in (
        "edges/lanes",
        "pipeline/ingest",
        "core/windows",
        "core/detection",
        "pipeline/judge",
        "programs/worker",
    ):
        assert f"stream_app/{folder}" in layers
