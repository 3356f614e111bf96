"""Everything that is judged about groups that are known by probabilities."""

from __future__ import annotations

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.proxies import ProxyMonitor
from stream_app.pipeline.judge.subjects.subject import LookBack
from stream_app.pipeline.judge.verdicts.proxies import judge_proxies, proxy_alert
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy


class ProxyTests:
    """The tests of a model's proxies, and what they say about windows.

    Args:
        model: Its policy.
        layout: Layout of the cells of its decisions.
        stored: What ``state`` returned before a restart; None at the first start.
        history: The tested periods, in which onsets are searched; None for none.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(
        self, model: ModelPolicy, layout: CellLayout, stored: bytes | None, history: PeriodHistory | None = None
    ) -> None:
        self._model, self._layout = model, layout
        self._monitor = ProxyMonitor(model, layout, stored, history)

    def continue_tests(self, former: ProxyTests) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        return self._monitor.continue_tests(former._monitor)

    def feed(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        """Take in a comparison period; return the alerts that it causes."""
        alerts = []
        for alarm in self._monitor.feed(period):
            onset_counts, provenance = look_back(alarm.onset_s)
            pair = self._monitor.pairs[alarm.pair]
            estimates = self._monitor.estimates(pair, onset_counts.cells)
            alerts.append(proxy_alert(self._model, alarm, pair, estimates, onset_counts, provenance))
        return alerts

    def judge(self, cells: Cells, context: WindowContext) -> list[Result]:
        """Judge a window or the running totals."""
        observed = self._monitor.observe(context.span.window, cells, is_close=context.is_close)
        return judge_proxies(self._model, self._layout, cells, observed, context)

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return self._monitor.state()
