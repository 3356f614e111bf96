"""What a person sees of the demo: a live table, and the moments worth a line."""

from __future__ import annotations

import time

from rich.console import Group, RenderableType
from rich.text import Text

from stream_app.cli.result_table import result_table
from stream_app.pipeline.disclosed import DisclosedGroup, DisclosedResult
from stream_app.wiring.demo import Vitals


class DemoView:
    """Keeps the newest result of each attribute and draws them."""

    def __init__(self) -> None:
        self._newest: dict[str, DisclosedResult] = {}
        self._started = time.monotonic()
        self._vitals = Vitals(0, 0)
        self._vitals_at = self._started
        self._rate = 0.0

    def show_result(self, result: DisclosedResult) -> None:
        """Take in a result."""
        self._newest[result.attribute] = result

    def show_vitals(self, vitals: Vitals) -> None:
        """Take in how the worker is doing; the rate is what was counted since the last time."""
        now = time.monotonic()
        if now > self._vitals_at:
            self._rate = (vitals.n_decisions - self._vitals.n_decisions) / (now - self._vitals_at)
        self._vitals, self._vitals_at = vitals, now

    def clock(self) -> str:
        """Return the time since the demo began, as minutes and seconds."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{minutes:02d}:{seconds:02d}"

    def render(self) -> RenderableType:
        """Draw the table."""
        status = Text(
            f"{self.clock()}   {self._vitals.n_decisions:,} decisions counted   {max(0.0, self._rate):,.0f} events/s   "
            f"lag {self._vitals.lag:,}",
            style="bold",
        )
        if not self._newest:
            return Group(status, Text("Waiting for the first window to close", style="dim"))
        return Group(status, result_table(list(self._newest.values()), digits=3))


def describe_breach(result: DisclosedResult, group: DisclosedGroup) -> str:
    """Say in one sentence which rule a group breaks in a window."""
    if group.n is None or group.rate is None:
        return f"{result.attribute}={group.group}: its values are hidden, too few decisions"
    reference = next((own for own in result.groups if own.group == result.reference), None)
    against = f" against {reference.rate:.3f} ({reference.group})" if reference and reference.rate is not None else ""
    if group.disparate_impact_ratio is None:
        ratio = "DIR not computable: the approval rate of the reference group is zero"
    else:
        ratio = f"DIR = {group.disparate_impact_ratio:.2f}"
    return f"{result.attribute}={group.group}: approval rate {group.rate:.3f}{against}, {ratio}, n = {group.n:,}"
