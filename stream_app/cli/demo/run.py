"""Follows a running demo: shows results, reports alerts and notifications, and decides when to end."""

from __future__ import annotations

import math
import threading
import time
from contextlib import nullcontext

from rich.live import Live

from producers.simulated.control import StreamSetting
from stream_app.cli.demo.follow import Published, PublishedStream
from stream_app.cli.demo.view import DemoView, describe_alert
from stream_app.cli.exits import Exit
from stream_app.cli.output import facts, notes, print_json, width_of
from stream_app.edges.notify.notification import title_of
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.records.results import CROSS
from stream_app.policy import load_policy
from stream_app.programs.demo.environment import DemoEnvironment

_DRIFTED = ("gender", "female")  # the pair that the drift is about
_CHECK_EVERY_S = 1.0
_BREACH_ALERT = "FairnessBreach"
_DELIVERY_TIMEOUT_S = 30.0  # a few seconds on a machine that is not busy


class DemoRun:
    """Follows the results of a demo until it is time to end.

    Args:
        environment: The running parts.
        has_drift: Whether the stream becomes unfair.
        is_json: Print events as JSON lines.
    """

    def __init__(self, environment: DemoEnvironment, *, has_drift: bool, is_json: bool) -> None:
        model = load_policy(environment.policy).models[0]
        self._model = model.name
        self._environment = environment
        self._k = model.privacy.k
        self._window = model.windows[0].name
        self._view = DemoView(model.rules)
        self._is_json = is_json
        self._in_breach: dict[tuple[str, str], set[str]] = {}  # tests in breach by attribute and group
        self._breach_at_s: float | None = None  # when the newest breach was seen
        self._is_drift_reported = not has_drift
        self._unfair_from_s: float = environment.drift_at_s
        self._setting: StreamSetting | None = None  # as a person has set it
        self._is_web_reported = False

    def follow(self, stop: threading.Event, deadline_s: float | None, *, exit_on_alert: bool) -> Exit:
        """Show results until stopped, until the deadline, or until the first alert."""
        published = PublishedStream(self._environment.kafka, self._k)
        with self._live() as live:
            while not stop.is_set():
                self._environment.check()
                self._report_web()
                self._report_drift()
                for record in published.drain(_CHECK_EVERY_S):
                    verdict = self._handle(record)
                    if exit_on_alert and verdict is not None:
                        self._wait_for_notification(stop, verdict)
                        return verdict
                self._report_notifications()
                self._view.show_vitals(self._environment.vitals())
                if live is not None:
                    live.update(self._view.render(width_of(facts)), refresh=True)
                if deadline_s is not None and time.time() > deadline_s:
                    if exit_on_alert:
                        self._report("no_alert", "No alert within the time limit")
                        return Exit.FAILED
                    return Exit.OK
        return Exit.INTERRUPTED if exit_on_alert else Exit.OK

    def _handle(self, record: Published) -> Exit | None:
        """Draw a result of the shown window, report an alert; return the exit code that an alert calls for."""
        if record.model != self._model:
            return None
        if isinstance(record, DisclosedAlert):
            return self._handle_alert(record)
        if record.window == self._window:
            self._view.show_result(record)
        return None

    def _handle_alert(self, alert: DisclosedAlert) -> Exit | None:
        """Report the first breach of each pair and the last recovery; of intersections only their number."""
        pair = (alert.attribute, alert.group)
        tests = self._in_breach.setdefault(pair, set())
        was_breach = bool(tests)
        (tests.add if alert.change == "breach" else tests.discard)(alert.test)
        if was_breach == bool(tests):
            return None
        self._view.n_intersections = sum(
            CROSS in attribute and bool(tests) for (attribute, _), tests in self._in_breach.items()
        )
        if CROSS in alert.attribute:
            return None
        if alert.change == "recovery":
            self._report("recovery", describe_alert(alert), alert)
            return None
        self._breach_at_s = time.time()
        self._report("breach", describe_alert(alert), alert)
        return self._exit_code_of(alert, pair)

    def _exit_code_of(self, alert: DisclosedAlert, pair: tuple[str, str]) -> Exit | None:
        if alert.at_s <= self._unfair_from_s:
            self._report("false_alarm", "False alarm: the stream was still fair")
            return Exit.FAILED
        return Exit.OK if pair == _DRIFTED else None

    def _wait_for_notification(self, stop: threading.Event, verdict: Exit) -> None:
        """Give a correct alert time to be delivered, if notifications are running."""
        deadline_s = time.monotonic() + _DELIVERY_TIMEOUT_S
        if verdict is Exit.OK and self._environment.monitoring.is_complete:
            while not self._report_notifications() and time.monotonic() < deadline_s and not stop.is_set():
                stop.wait(_CHECK_EVERY_S / 5)

    def _report_notifications(self) -> bool:
        """Report what arrived at the sink; return whether a breach was among it."""
        has_breach = False
        for delivery in self._environment.monitoring.take_deliveries():
            title = title_of(delivery.notification)
            is_breach = delivery.notification.group_labels.get("alertname") == _BREACH_ALERT
            has_breach = has_breach or is_breach
            after = ""
            if is_breach and self._breach_at_s is not None:
                after = f" after {max(0.0, delivery.received_s - self._breach_at_s):.1f} s"
            self._report("notification", f"Notification delivered{after}: {title} to {delivery.notification.receiver}")
        return has_breach

    def _report_web(self) -> None:
        if not self._is_web_reported and (lines := self._environment.web.lines()) is not None:
            self._is_web_reported = True
            console = notes if self._is_json else facts  # that of the live table, which moves down
            for line in lines:
                console.print(line, markup=False, soft_wrap=True)

    def _report_drift(self) -> None:
        setting = self._environment.stream_setting()
        if setting is not None and setting != self._setting:
            self._setting = setting
            self._is_drift_reported = True
            if time.time() < self._unfair_from_s:
                self._unfair_from_s = time.time() - _CHECK_EVERY_S if setting.drift_level else math.inf
            self._report("drift", f"Drift level set to {setting.drift_level:g}, at {setting.rate:g} decisions/s")
        if not self._is_drift_reported and time.time() >= self._environment.drift_at_s:
            self._is_drift_reported = True
            self._report("drift", "Drift begins: women are approved less often from now on")

    def _report(self, event: str, text: str, alert: DisclosedAlert | None = None) -> None:
        if self._is_json:
            print_json({"event": event, "at": self._view.clock(), "text": text, "alert": alert})
        else:
            facts.print(f"{self._view.clock()}  {text}", style="bold red" if event == "breach" else None, markup=False)

    def _live(self) -> Live | nullcontext[None]:
        if self._is_json or not facts.is_terminal:
            return nullcontext()
        return Live(self._view.render(width_of(facts)), console=facts, auto_refresh=False)
