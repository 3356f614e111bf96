"""What a person sees of the demo: a live table, and the moments worth a line."""

from __future__ import annotations

import time

from rich.console import Group, RenderableType
from rich.text import Text

from stream_app.cli.show.result_table import result_table
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.records.results import CROSS
from stream_app.programs.demo.environment import DemoStatus


class DemoView:
    """Keeps the newest result of each attribute and draws them.

    Attributes:
        n_crossed: Intersections of attributes in breach.
    """

    def __init__(self) -> None:
        self.n_crossed = 0
        self._newest: dict[str, DisclosedResult] = {}
        self._started = time.monotonic()
        self._vitals = DemoStatus(0, 0)
        self._vitals_at = self._started
        self._rate = 0.0

    def show_result(self, result: DisclosedResult) -> None:
        """Take in a result; intersections are too many for a screen."""
        if CROSS not in result.attribute:
            self._newest[result.attribute] = result

    def show_vitals(self, vitals: DemoStatus) -> None:
        """Take in how the worker is doing; the rate is what was counted since the last time."""
        now = time.monotonic()
        if now > self._vitals_at:
            self._rate = (vitals.n_decisions - self._vitals.n_decisions) / (now - self._vitals_at)
        self._vitals, self._vitals_at = vitals, now

    def clock(self) -> str:
        """Return the time since the demo began, as minutes and seconds."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{minutes:02d}:{seconds:02d}"

    def render(self, width: int) -> RenderableType:
        """Draw the table for a terminal of so many columns."""
        status = Text(
            f"{self.clock()}   {self._vitals.n_decisions:,} decisions counted   {max(0.0, self._rate):,.0f} events/s   "
            f"lag {self._vitals.lag:,}",
            style="bold",
        )
        if not self._newest:
            return Group(status, Text("Waiting for the first window to close", style="dim"))
        crossed = f"{self.n_crossed} intersections of attributes in breach too" if self.n_crossed else ""
        return Group(
            status, result_table(list(self._newest.values()), digits=3, width=width), Text(crossed, style="bold red")
        )


def describe_alert(alert: DisclosedAlert) -> str:
    """Say in one line what a test found, or that it is over."""
    pair = f"{alert.attribute}={alert.group}"
    if alert.change == "recovery":
        return f"ALL CLEAR {pair}: {alert.test.value.replace('_', ' ')} is over"
    return f"BREACH {pair}: {alert.sentence or 'its values are hidden, too few decisions'}"
