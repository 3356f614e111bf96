"""Everything that is tested about the scores of a model's decisions: between groups, and against their own past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from stream_app.core.groups.comparison import State, worst_of
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.errors import StateError
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of
from stream_app.pipeline.judge.gate.alert_counts import AlertCounts, alerted_pair
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.gaps import GapMonitor
from stream_app.pipeline.judge.monitors.score_drift import GroupKey, ScoreDriftMonitor
from stream_app.pipeline.judge.questions import question_of, score_questions
from stream_app.pipeline.judge.state import NEW_APP_ID
from stream_app.pipeline.judge.subjects.subject import LookBack
from stream_app.pipeline.judge.verdicts.question_alerts import alert_about, drift_alert
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import Evidence
from stream_app.pipeline.records.results import CROSS, GroupResult, Result, ScoreStability
from stream_app.policy import ModelPolicy, Score

_SERIOUS = (State.WARNING, State.BREACH)
_ScoreVerdict = tuple[tuple[Evidence, ...], ScoreStability]


class ScoreTests:
    """The tests of a model's scores.

    Args:
        model: Its policy.
        score: Its score.
        layout: Layout of the cells of its decisions.
        stored: What ``state`` returned before a restart; None at the first start.
        history: The tested periods, in which onsets are searched; None for none.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(
        self,
        model: ModelPolicy,
        score: Score,
        layout: CellLayout,
        stored: bytes | None,
        history: PeriodHistory | None = None,
    ) -> None:
        gaps, drift = _parts_of(stored)
        log_c = log_thresholds_of(model)
        self._model, self._layout = model, layout
        self._questions = score_questions(model)
        self._gaps = GapMonitor(model, layout, self._questions, log_c.get(BudgetFamily.SCORES), gaps, history)
        self._drift = ScoreDriftMonitor(model, score, layout, log_c[BudgetFamily.SCORE_DRIFT], drift)

    def continue_tests(self, former: ScoreTests) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        gaps, drift = former._gaps, former._drift
        return self._gaps.continue_tests(gaps) + self._drift.continue_tests(drift)

    def feed(self, period: ClosedPeriod, look_back: LookBack, gate: AlertCounts) -> list[Alert]:
        """Take in a comparison period; return the alerts that it causes.

        Args:
            period: The period.
            look_back: What was tested before it.
            gate: Chooses what each alert shows. The past of a drift is a time range of its own: its counts are rounded.
        """
        alerts = []
        for alarm in self._gaps.feed(period):
            question, pair = question_of(alarm.test, self._questions), self._gaps.pairs[alarm.pair]
            name, seen = self._model.name, look_back.released(gate, alarm.onset_s, alerted_pair(pair))
            alerts.append(alert_about(question, name, self._model, self._layout, alarm, pair, *seen))
        alarms = self._drift.feed(period)
        return alerts + [
            drift_alert(self._model, self._layout, alarm, *look_back.released(gate, alarm.drift.onset_s, None))
            for alarm in alarms
        ]

    def add_to(
        self, results: Iterable[Result], window: str, cells: Mapping[int, list[int]], *, is_close: bool
    ) -> list[Result]:
        """Add the verdicts on the scores of a window to those on its decisions."""
        gaps = self._gaps.judge(window, cells, is_close=is_close)
        verdicts = {
            key: ((*gaps.get(key, ()), evidence), stability)
            for key, (stability, evidence) in self._drift.judge(cells).items()
        }
        return [result if CROSS in result.attribute else _with_scores(result, verdicts) for result in results]

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return msgspec.msgpack.encode((self._gaps.state(), self._drift.state()))


def _parts_of(stored: bytes | None) -> tuple[bytes | None, bytes | None]:
    if stored is None:
        return None, None
    try:
        return msgspec.msgpack.decode(stored, type=tuple[bytes, bytes])
    except msgspec.MsgspecError:
        raise StateError("The state of the tests of scores cannot be read", action=NEW_APP_ID) from None


def _with_scores(result: Result, verdicts: Mapping[GroupKey, _ScoreVerdict]) -> Result:
    groups = tuple(_with_score(group, verdicts.get((result.attribute, group.group))) for group in result.groups)
    state = worst_of(group.state for group in groups)
    return msgspec.structs.replace(result, groups=groups, state=state)


def _with_score(group: GroupResult, verdict: _ScoreVerdict | None) -> GroupResult:
    """Add evidence; scores that cannot be judged yet leave the state as it is."""
    if verdict is None:
        return group
    evidence, stability = verdict
    serious = [test.state for test in evidence if test.state in _SERIOUS]
    state = worst_of([group.state, *serious]) if serious else group.state
    return msgspec.structs.replace(group, evidence=(*group.evidence, *evidence), scores=stability, state=state)
