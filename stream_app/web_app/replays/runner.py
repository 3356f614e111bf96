"""Runs what waits, in a thread of its own: each replay is a process, so that it can neither stall nor end the pages."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError, close_old_connections, connection, transaction

from stream_app.edges.host.processes import BoundProcess
from stream_app.errors import FairStreamError
from stream_app.policy import ModelPolicy, Policy
from stream_app.settings import Settings
from stream_app.web_app.replays.commands import command_of, environ_of, folder_of
from stream_app.web_app.replays.models import MAX_FAULT, Kind, Replay, ReplayStatus
from stream_app.web_app.replays.outcomes import (
    FailedError,
    Json,
    answer_in,
    progress_in,
    read_comparison,
    read_verification,
)
from stream_app.web_app.replays.periods import ReplayError, drafted_model
from stream_app.web_app.replays.trail import note_end

AT_ONCE = 2
_STEP_S = 0.5
_NOTE_S = 2.0  # between two notes that it still runs
STALE_S = 30  # without such a note its process is gone
_MAX_S = 3600.0
_STOP_S = 5.0
_INTERRUPTED = "The web application ended while it ran."

log = logging.getLogger(__name__)


@dataclass
class _Running:
    """A replay whose process runs.

    Attributes:
        replay: Its row, as it was at the start.
        model: The policy of its model.
        process: The process.
        folder: Where its log is.
        began: When, by the monotonic clock.
        noted: When its row was last written.
    """

    replay: Replay
    model: ModelPolicy
    process: BoundProcess
    folder: Path
    began: float
    noted: float = 0.0

    @property
    def log(self) -> Path:
        return self.folder / "replay.log"


class ReplayRunner:
    """Starts replays in the order in which they were requested, a few at a time.

    Args:
        settings: Those of the web application, which each process gets.
        policy: What is monitored.
    """

    def __init__(self, settings: Settings, policy: Policy) -> None:
        self._settings = settings
        self._models = {model.name: model for model in policy.models}
        self._name = secrets.token_hex(8)
        self._running: list[_Running] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replays", daemon=True)

    def start(self) -> None:
        """Begin to run what waits."""
        self._thread.start()

    def stop(self) -> None:
        """End; what runs is ended too, and can be started again."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def step(self) -> None:
        """Note what has ended, and start what can be started.

        Raises:
            DatabaseError: the database does not answer.
        """
        self._note_interrupted()
        self._running = [running for running in self._running if self._goes_on(running)]
        while len(self._running) < AT_ONCE and self._start_next():
            pass

    def end_all(self) -> None:
        """End the processes that run.

        Raises:
            DatabaseError: the database does not answer.
        """
        running, self._running = self._running, []
        for one in running:
            one.process.kill()
            shutil.rmtree(one.folder, ignore_errors=True)
        for one in running:
            self._end(one.replay, ReplayStatus.INTERRUPTED, fault=_INTERRUPTED)

    def _run(self) -> None:
        while not self._stopping.wait(_STEP_S):
            self._try(self.step)
        self._try(self.end_all)
        connection.close()

    @staticmethod
    def _try(do: Callable[[], None]) -> None:
        try:
            do()
        except DatabaseError as error:
            log.warning("replays not continued fault=%s", type(error).__name__)
            with suppress(DatabaseError):
                close_old_connections()

    def _note_interrupted(self) -> None:
        gone = Replay.objects.filter(status=ReplayStatus.RUNNING, seen_s__lt=int(time.time()) - STALE_S)
        for replay in gone.exclude(pk__in=[one.replay.pk for one in self._running]):
            self._end(replay, ReplayStatus.INTERRUPTED, fault=_INTERRUPTED)

    def _start_next(self) -> bool:
        """Start the first replay that waits; return whether there was one."""
        replay = (
            Replay.objects.select_related("draft", "case").filter(status=ReplayStatus.QUEUED).order_by("id").first()
        )
        if replay is None:
            return False
        now_s = int(time.time())
        replay.status, replay.runner, replay.started_s = ReplayStatus.RUNNING, self._name, now_s
        replay.run = f"web-{replay.pk}-{self._name}" if replay.kind == Kind.COMPARE else ""
        waiting = Replay.objects.filter(pk=replay.pk, status=ReplayStatus.QUEUED)
        if waiting.update(
            status=replay.status, runner=replay.runner, started_s=now_s, seen_s=now_s, run=replay.run
        ):  # nobody else has started or canceled it
            try:
                self._running.append(self._launch(replay))
            except (FairStreamError, OSError) as error:
                fault = error.message if isinstance(error, FairStreamError) else type(error).__name__
                self._end(replay, ReplayStatus.FAILED, fault=fault)
        return True

    def _launch(self, replay: Replay) -> _Running:
        model = self._models.get(replay.model)
        if model is None:
            raise FairStreamError("The policy does not name this model")
        folder = folder_of(self._settings, f"{replay.pk}-{replay.runner}")
        command = command_of(replay, model, folder)
        process = BoundProcess(command, folder / "replay.log", env=environ_of(self._settings))
        return _Running(replay, model, process, folder, time.monotonic())

    def _goes_on(self, running: _Running) -> bool:
        """Note how far a replay is, or how it ended; return whether it still runs."""
        code = running.process.exit_code()
        now = time.monotonic()
        if code is None and now - running.began > _MAX_S:
            running.process.stop(_STOP_S)
            self._end(running.replay, ReplayStatus.FAILED, fault="It took longer than an hour: choose a shorter period")
            return False
        if code is None and now - running.noted < _NOTE_S:
            return True
        running.noted = now
        n_done, n_total = progress_in(running.log) or (0, 0)
        if not self._update(running.replay, seen_s=int(time.time()), n_done=n_done, n_total=n_total):
            running.process.stop(_STOP_S)  # it was canceled
            shutil.rmtree(running.folder, ignore_errors=True)
            return False
        if code is None:
            return True
        running.process.kill()  # what watches it ends too
        try:
            self._end(running.replay, ReplayStatus.DONE, answer=self._answer(running))
        except FailedError as error:
            if not str(error):
                log.warning("replay ended unexpectedly replay=%d code=%d log=%s", running.replay.pk, code, running.log)
            fault = str(error) or f"It ended unexpectedly (exit code {code}); the log of the web application says where"
            self._end(running.replay, ReplayStatus.FAILED, fault=fault)
            if not str(error):
                return False
        shutil.rmtree(running.folder, ignore_errors=True)
        return False

    def _answer(self, running: _Running) -> Json:
        line = answer_in(running.log)
        if running.replay.kind == Kind.VERIFY:
            return read_verification(line, running.model)
        replay, model = running.replay, running.model
        assert replay.draft is not None
        try:
            drafted = drafted_model(replay.draft, model)
        except ReplayError as error:
            raise FailedError(str(error)) from None
        return read_comparison(Path(self._settings.state_dir), replay.run, model, drafted)

    def _end(self, replay: Replay, status: ReplayStatus, *, answer: Json | None = None, fault: str = "") -> None:
        now_s = int(time.time())
        replay.status, replay.answer, replay.fault = status, answer, fault[:MAX_FAULT]
        with transaction.atomic():
            if self._update(replay, status=status, answer=answer, fault=replay.fault, ended_s=now_s):
                note_end(replay, now_s)

    @staticmethod
    def _update(replay: Replay, **values: object) -> bool:
        """Change the row of a replay that runs; return whether it still did."""
        rows = Replay.objects.filter(pk=replay.pk, status=ReplayStatus.RUNNING, runner=replay.runner)
        return bool(rows.update(**values))
