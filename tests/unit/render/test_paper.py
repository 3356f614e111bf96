"""What reports share as papers: tables, commands that can be copied, lines and states that differ without colors."""

from __future__ import annotations

import re
import shlex

import pytest

from stream_app.render.charts import STATE_COLORS, Line, Point, line_chart, split_bars, state_strips
from stream_app.render.html_table import write_table
from stream_app.render.paper.commands import WIDTH, command_lines
from stream_app.render.paper.page import write_document

COMMANDS = (
    "fairstream audit verify --json",
    shlex.join(
        [
            "fairstream",
            "replay",
            "count",
            "--policy",
            "/a/long/path/to/the/policy/of/all/models.toml",
            "--model",
            "loans",
            "--from",
            "2026-11-01T00:00:00Z",
            "--to",
            "2026-12-01T00:00:00Z",
            "--published",
            "--json",
        ]
    ),
    shlex.join(
        ["fairstream", "report", "my pack's file.toml", "--policy", 'a "b" c', "--model", "é ü " * 40, "--json"]
    ),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_lines_of_a_command_are_the_same_command_for_a_shell(command: str) -> None:
    lines = command_lines(command)
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == shlex.split(command)
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert all(len(line) <= WIDTH or " --" not in line.strip() for line in lines)


def test_a_flag_and_its_value_are_on_one_line() -> None:
    for line in command_lines(COMMANDS[1]):
        assert not re.search(r"--(policy|model|from|to|exclude-below)( \\\\)?$", line)


def test_a_column_without_text_is_left_out_and_a_row_that_does_not_fit_is_an_error() -> None:
    table = write_table(("topic", "n:kept", "reason"), [("a", "1", ""), ("b", "2", "")])
    assert "reason" not in table
    assert "kept" in table
    assert "reason" in write_table(("topic", "reason"), [("a", ""), ("b", "x")])
    with pytest.raises(ValueError, match="cell for each heading"):
        write_table(("a", "b"), [("1",)])


def test_names_and_values_have_no_empty_headings_and_only_small_tables_are_kept_together() -> None:
    assert "<thead>" not in write_table(("", ""), [("name", "value")])
    assert 'class="short"' in write_table(("a",), [("1",)])
    assert 'class="short"' not in write_table(("a",), [("1",)] * 40)
    assert 'class="short"' not in write_table(("a",), [("long " * 100,)] * 4)


def test_lines_states_and_parts_differ_without_colors() -> None:
    lines = [Line(f"g{number}", [Point(0, 0.1 * number), Point(60, 0.5)]) for number in range(8)]
    drawn = re.findall(r"<polyline [^>]*>", line_chart("t", lines))
    dashes = [re.search(r'stroke-dasharray="([^"]*)"', line) for line in drawn]
    assert len({match and match[1] for match in dashes}) == len(lines)
    strips = [("r", [(number * 60, number * 60 + 60, state) for number, state in enumerate(STATE_COLORS)])]
    heights = re.findall(
        r'<rect x="[^"]*" y="[^"]*" width="[^"]*" height="(\d+)" fill="[^"]*"><title>', state_strips("t", strips)
    )
    assert len(set(heights)) == len(STATE_COLORS)
    mix, rate = re.findall(r"<rect [^>]*/>", split_bars("t", [("s", 0.2, 0.3)]))[:2]
    assert ("stroke" in mix, "stroke" in rate) == (True, False)


def test_the_margin_has_what_identifies_the_report_and_ends_no_style() -> None:
    page = write_document("T", "<p>b</p>", ['</style><b>"x"', "policy 4711"])
    assert "</style><b>" not in page
    assert "policy 4711" in page
    assert page.count("<style>") == page.count("</style>") == 1
