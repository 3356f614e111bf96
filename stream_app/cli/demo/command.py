"""``fairstream demo``: the whole of FairStream on this machine, with a stream that turns unfair while one watches."""

from __future__ import annotations

import queue
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live

from stream_app.cli import app
from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, facts, notes, print_json
from stream_app.cli.produce.sending import stop_on_signals
from stream_app.pipeline.records.results import CROSS
from stream_app.policy import load_policy

if TYPE_CHECKING:
    from stream_app.pipeline.disclosure.alerts import DisclosedAlert
    from stream_app.pipeline.disclosure.results import DisclosedResult
    from stream_app.programs.demo.environment import DemoEnvironment

_POLICY = "demo"
_DRIFTED = ("gender", "female")  # the pair that the producer's drift is about
_ALERT_TIMEOUT_S = 90.0  # after the drift began
_LOOK_EVERY_S = 1.0
_BREACH_ALERT = "FairnessBreach"
_DELIVERY_TIMEOUT_S = 30.0  # a few seconds where the machine is not busy


@app.command()
def demo(  # noqa: PLR0913, PLR0917 - one for each flag
    kafka: Annotated[
        str | None, typer.Option("--kafka", envvar="FAIRSTREAM_KAFKA", help="Broker to use; else one is started.")
    ] = None,
    policy: Annotated[str, typer.Option("--policy", help="Policy that fits the simulated loans.")] = _POLICY,
    state_dir: Annotated[
        str | None,
        typer.Option("--state-dir", help="Keep keys, logs and the broker's data here; else nothing is kept."),
    ] = None,
    fair_s: Annotated[int, typer.Option(min=10, help="Seconds before the drift begins.")] = 30,
    drift: Annotated[float, typer.Option(min=0.0, max=1.0, help="Level of the drift, 0-1.")] = 0.8,
    rate: Annotated[float, typer.Option(min=1.0, help="Loan decisions per second.")] = 500.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the producer.")] = 42,
    duration_s: Annotated[
        float | None,
        typer.Option(min=1.0, help="End after so many seconds; with --exit-on-alert 90 s after the drift."),
    ] = None,
    exit_on_alert: Annotated[
        bool, typer.Option("--exit-on-alert", help="End with 0 at the first correct alert, with 1 if it does not come.")
    ] = False,
    json: Json = False,
) -> None:
    """Start Kafka, a worker and a producer; show rates and verdicts live; Ctrl-C ends everything.

    The stream is synthetic: fair at first, then women are approved less often. Nothing is left behind.

    Example: fairstream demo --exit-on-alert
    """
    from stream_app.programs.demo.environment import DemoPlan, open_environment  # noqa: PLC0415  # other commands start faster

    scenario = DemoPlan(policy=policy, fair_s=fair_s, drift=drift, rate=rate, seed=seed)
    notes.print("FairStream demo: synthetic loan decisions, not for production. Ctrl-C ends it.")
    with (
        stop_on_signals() as stop,
        _folder(state_dir) as folder,
        open_environment(scenario, Path(folder), kafka=kafka, note=notes.print) as stage,
    ):
        notes.print(f"Fair for {fair_s} s, then drift level {drift:g}: women are approved less often")
        notes.print(
            f"In another terminal: fairstream results --kafka {stage.bootstrap} --policy {stage.policy} --follow"
        )
        for part, address in stage.addresses().items():
            notes.print(f"  {part:<14}{address}", markup=False)
        watch = _DemoRun(stage, has_drift=drift > 0, is_json=json)
        if duration_s is None and exit_on_alert:
            duration_s = fair_s + _ALERT_TIMEOUT_S
        deadline = None if duration_s is None else time.time() + duration_s
        exit_code = watch.run(stop, deadline, exit_on_alert=exit_on_alert)
        watch.say_what_next()
        notes.print("Stopping")
    raise typer.Exit(exit_code)


class _DemoRun:
    """Follows the results until it is time to end."""

    def __init__(self, stage: DemoEnvironment, *, has_drift: bool, is_json: bool) -> None:
        from stream_app.cli.demo.view import DemoView  # noqa: PLC0415

        model = load_policy(stage.policy).models[0]
        self._model = model.name
        self._stage = stage
        self._k = model.privacy.k
        self._window = model.windows[0].name
        self._view = DemoView()
        self._is_json = is_json
        self._in_breach: dict[tuple[str, str], set[str]] = {}  # tests in breach by attribute and group
        self._breach_at_s: float | None = None  # when the newest breach was seen
        self._is_drift_told = not has_drift

    def run(self, stop: threading.Event, deadline: float | None, *, exit_on_alert: bool) -> Exit:
        """Show results until stopped, until the time is up, or until the first alert."""
        with _followed(self._stage.bootstrap, self._k) as told, self._live() as live:
            while not stop.is_set():
                self._stage.check()
                self._tell_drift()
                for each in _drain(told, _LOOK_EVERY_S):
                    verdict = self._look_at(each)
                    if exit_on_alert and verdict is not None:
                        self._wait_for_notification(stop, verdict)
                        return verdict
                self._tell_notifications()
                self._view.show_vitals(self._stage.vitals())
                if live is not None:
                    live.update(self._view.render(facts.width), refresh=True)
                if deadline is not None and time.time() > deadline:
                    if exit_on_alert:
                        self._say("no_alert", "No alert came in time")
                        return Exit.FAILED
                    return Exit.OK
        return Exit.INTERRUPTED if exit_on_alert else Exit.OK

    def say_what_next(self) -> None:
        """Print commands to try."""
        if self._is_json:
            return
        facts.print("\nTry next:")
        facts.print(
            "  fairstream local kafka                      # a broker of your own, then `fairstream topics create`"
        )
        facts.print("  fairstream policy check loans               # what is watched, and by which rules")
        facts.print("  fairstream alerts list                      # what was found, with onset, evidence and cause")
        facts.print("  fairstream produce csv FILE --policy P      # your own decisions; docs/policy.md shows how")

    def _look_at(self, told: DisclosedResult | DisclosedAlert) -> Exit | None:
        """Draw a result of the shown window, tell an alert; return how an alert is to be taken."""
        from stream_app.pipeline.disclosure.alerts import DisclosedAlert  # noqa: PLC0415

        if told.model != self._model:
            return None
        if isinstance(told, DisclosedAlert):
            return self._hear(told)
        if told.window == self._window:
            self._view.show_result(told)
        return None

    def _hear(self, alert: DisclosedAlert) -> Exit | None:
        """Tell the first breach of each pair and the end of the last one; of intersections only how many there are."""
        from stream_app.cli.demo.view import describe_alert  # noqa: PLC0415

        pair = (alert.attribute, alert.group)
        tests = self._in_breach.setdefault(pair, set())
        was_breach = bool(tests)
        (tests.add if alert.change == "breach" else tests.discard)(alert.test)
        if was_breach == bool(tests):
            return None
        self._view.n_crossed = sum(CROSS in attribute and bool(own) for (attribute, _), own in self._in_breach.items())
        if CROSS in alert.attribute:
            return None
        if alert.change == "recovery":
            self._say("clear", describe_alert(alert), alert)
            return None
        self._breach_at_s = time.time()
        self._say("breach", describe_alert(alert), alert)
        return self._judge_alert(alert, pair)

    def _judge_alert(self, alert: DisclosedAlert, pair: tuple[str, str]) -> Exit | None:
        if alert.at_s <= self._stage.drift_at_s:
            self._say("false_alarm", "This alert is wrong: the stream was still fair")
            return Exit.FAILED
        return Exit.OK if pair == _DRIFTED else None

    def _wait_for_notification(self, stop: threading.Event, verdict: Exit) -> None:
        """Before the end, give a correct alert the time to be delivered, where that is possible."""
        deadline = time.monotonic() + _DELIVERY_TIMEOUT_S
        if verdict is Exit.OK and self._stage.monitoring.is_complete:
            while not self._tell_notifications() and time.monotonic() < deadline and not stop.is_set():
                stop.wait(_LOOK_EVERY_S / 5)

    def _tell_notifications(self) -> bool:
        """Tell what arrived at the sink; return whether a breach was among it."""
        from stream_app.edges.notify.notification import title_of  # noqa: PLC0415

        has_breach = False
        for delivery in self._stage.monitoring.take_deliveries():
            title = title_of(delivery.notification)
            is_breach = delivery.notification.group_labels.get("alertname") == _BREACH_ALERT
            has_breach = has_breach or is_breach
            after = ""
            if is_breach and self._breach_at_s is not None:
                after = f" after {max(0.0, delivery.received_s - self._breach_at_s):.1f} s"
            self._say("notification", f"Notification delivered{after}: {title} to {delivery.notification.receiver}")
        return has_breach

    def _tell_drift(self) -> None:
        if not self._is_drift_told and time.time() >= self._stage.drift_at_s:
            self._is_drift_told = True
            self._say("drift", "Drift begins: women are approved less often from now on")

    def _say(self, event: str, text: str, alert: DisclosedAlert | None = None) -> None:
        if self._is_json:
            print_json({"event": event, "at": self._view.clock(), "text": text, "alert": alert})
        else:
            facts.print(f"{self._view.clock()}  {text}", style="bold red" if event == "breach" else None)

    def _live(self) -> Live | nullcontext[None]:
        if self._is_json or not facts.is_terminal:
            return nullcontext()
        return Live(self._view.render(facts.width), console=facts, auto_refresh=False)


@contextmanager
def _folder(state_dir: str | None) -> Iterator[str]:
    """Give a folder of its own to this run: a kept one inside ``state_dir``, else one that vanishes."""
    if state_dir is None:
        with tempfile.TemporaryDirectory(prefix="fairstream-demo-") as folder:
            yield folder
        return
    Path(state_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="demo-", dir=state_dir)
    yield folder
    notes.print(f"Kept: {folder}")


@contextmanager
def _followed(bootstrap: str, k: int) -> Iterator[queue.Queue[DisclosedResult | DisclosedAlert]]:
    """Follow results and alerts in threads of their own, since reading blocks; the threads end with the process."""
    from stream_app.edges.kafka.readers.live_results import open_alerts, open_results  # noqa: PLC0415
    from stream_app.pipeline.disclosure.alerts import disclose_alert  # noqa: PLC0415
    from stream_app.pipeline.disclosure.results import disclose_result  # noqa: PLC0415

    told: queue.Queue[DisclosedResult | DisclosedAlert] = queue.Queue()
    results, alerts = open_results(bootstrap), open_alerts(bootstrap)

    def follow_results() -> None:
        for result in results.follow():
            told.put(disclose_result(result, k))

    def follow_alerts() -> None:
        for alert in alerts.follow():
            told.put(disclose_alert(alert, k))

    for follow in (follow_results, follow_alerts):
        threading.Thread(target=follow, name=f"demo-{follow.__name__}", daemon=True).start()
    yield told


def _drain(
    told: queue.Queue[DisclosedResult | DisclosedAlert], wait_s: float
) -> Iterator[DisclosedResult | DisclosedAlert]:
    """Yield what comes within a moment."""
    deadline = time.monotonic() + wait_s
    while (left_s := deadline - time.monotonic()) > 0:
        try:
            yield told.get(timeout=left_s)
        except queue.Empty:
            return
