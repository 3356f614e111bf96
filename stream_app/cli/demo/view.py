"""The live table of the demo, and its lines about alerts."""

from __future__ import annotations

import time

import msgspec
from rich.text import Text

from stream_app.cli.layout.drawing import draw
from stream_app.cli.layout.words import wrap_text
from stream_app.cli.show.result_table import EVIDENCE, result_table
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.records.results import CROSS
from stream_app.policy import Rules
from stream_app.programs.demo.environment import DemoStatus

_NARROW = 79  # columns; a live view cannot be scrolled, so in fewer columns it shows less, not longer blocks
_NOT_IN_NARROW = ("gap", EVIDENCE)


class DemoView:
    """Keeps the newest result of each attribute and draws them.

    Args:
        rules: Limits of the model.

    Attributes:
        n_intersections: Intersections of attributes in breach.
    """

    def __init__(self, rules: Rules) -> None:
        self.n_intersections = 0
        self._rules = rules
        self._newest: dict[str, DisclosedResult] = {}
        self._started = time.monotonic()
        self._vitals = DemoStatus(0, 0)
        self._vitals_at = self._started
        self._rate = 0.0

    def show_result(self, result: DisclosedResult) -> None:
        """Take in a result; there are too many intersections for a screen."""
        if CROSS not in result.attribute:
            self._newest[result.attribute] = _without_sentences(result)

    def show_vitals(self, vitals: DemoStatus) -> None:
        """Take in the progress of the worker; the rate is that since the last call."""
        now = time.monotonic()
        if now > self._vitals_at:
            self._rate = (vitals.n_decisions - self._vitals.n_decisions) / (now - self._vitals_at)
        self._vitals, self._vitals_at = vitals, now

    def clock(self) -> str:
        """Return the time since the demo began, as minutes and seconds."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{minutes:02d}:{seconds:02d}"

    def render(self, width: int) -> Text:
        """Draw the table for a terminal of this width, in columns."""
        status = (
            f"{self.clock()}   {self._vitals.n_decisions:,} decisions counted   {max(0.0, self._rate):,.0f} events/s   "
            f"lag {self._vitals.lag:,}"
        )
        lines = [wrap_text(Text(status, style="bold"), width)]
        if not self._newest:
            return Text("\n").join([*lines, Text("Waiting for the first window to close", style="dim")])
        listing = result_table(list(self._newest.values()), self._rules, digits=3)
        lines.append(draw(listing.without(_NOT_IN_NARROW) if width < _NARROW else listing, width))
        if self.n_intersections:
            lines.append(Text(f"Intersections of attributes in breach: {self.n_intersections}", style="bold red"))
        return Text("\n").join(lines)


def describe_alert(alert: DisclosedAlert) -> str:
    """Describe a breach or a recovery in one line."""
    pair = f"{alert.attribute}={alert.group}"
    if alert.change == "recovery":
        return f"RECOVERY {pair}: {alert.test.value.replace('_', ' ')} closed"
    return f"BREACH {pair}: {alert.sentence or 'values suppressed, fewer than k decisions'}"


def _without_sentences(result: DisclosedResult) -> DisclosedResult:
    """Return a result for a live table, which has no room for what the lines about alerts say."""
    groups = tuple(msgspec.structs.replace(group, sentence=None) for group in result.groups)
    return msgspec.structs.replace(result, groups=groups)
