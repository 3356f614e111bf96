"""A judge that is driven by the journal says what the live one said, bit for bit."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import PanePartial, Partial
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.pipeline.contract import Outputs
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.pipeline.records.alerts import encode_alert
from stream_app.pipeline.records.journal import JournalEntry, decode_journal_entry
from stream_app.pipeline.records.outcome_results import encode_outcome_result
from stream_app.policy import Outcome, OutcomeTime, Policy, outcome_layout_hash
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS
from tests.support.fake_sources import POLICY, World, batch_of, new_judge, orders, results_of, worlds

OUTCOME_POLICY = msgspec.structs.replace(
    POLICY,
    models=(
        msgspec.structs.replace(
            POLICY.models[0],
            # A budget so generous that the tests alarm in these small worlds too.
            detection=msgspec.structs.replace(POLICY.models[0].detection, false_alarms_per_million=100_000),
            outcome=Outcome(
                topic="raw-outcomes",
                event_id="id",
                path="repaid",
                favorable=True,
                unfavorable=(False,),
                event_time=OutcomeTime(path="t"),
                is_selective=True,
            ),
        ),
    ),
)


def recount(world: World, offsets: dict[int, int], partition: int) -> dict[int, Cells]:
    """Count the panes of one partition below an offset, by taking its last flush that does not go beyond."""
    panes: dict[int, Cells] = {}
    for flush in world.flushes[partition]:
        if flush[-1].next_offset <= offsets.get(partition, 0):
            for part in flush:
                for pane in part.panes:
                    panes.setdefault(pane.start_s, {}).update(pane.cells)
    return panes


def drive(world: World, entries: list[JournalEntry], policy: Policy = POLICY, name: str = "m") -> ModelReport:
    judge = ModelJudge(policy.models[0], policy.models[0].hash(), {}, name=name)
    topic = world.flushes[0][0][0].topic
    replayed = ModelReport()

    def count(offsets: dict[int, int]) -> None:
        for partition, next_offset in offsets.items():
            mark = SourceProgress(next_offset, None, None, is_idle=False)
            judge.take(SourcePartition(topic, partition), len(world.flushes), mark, recount(world, offsets, partition))

    for entry in entries:
        for advance in entry.advances:
            count(advance.offsets[topic])
            judge.advance_to(advance.closed_before_s, advance.tested_before_s)
        count(entry.offsets[topic])
        report, _ = judge.flush()
        replayed.results += report.results
        replayed.outcome_results += report.outcome_results
        replayed.alerts += report.alerts
    return replayed


def outcomes_of(world: World) -> World:
    """Return the same world as one of outcomes of approved loans: favorable there is repaid here."""
    model = OUTCOME_POLICY.models[0]
    layout = outcome_layout_of(model)

    def change(partial: Partial) -> Partial:
        panes = tuple(
            PanePartial(
                pane.start_s,
                {
                    layout.code_of((group, 0, decision)): vector
                    for code, vector in pane.cells.items()
                    for group, decision in [divmod(code, 2)]
                },
            )
            for pane in partial.panes
        )
        layout_hash = outcome_layout_hash(model)
        return msgspec.structs.replace(
            partial, model="m/outcomes", layout_hash=layout_hash, topic="labels", panes=panes
        )

    return World([[[change(part) for part in flush] for flush in own] for own in world.flushes], world.counted)


def live(judge: JudgeStep, partials: list[Partial]) -> list[Outputs]:
    outputs = []
    for number, partial in enumerate(partials):
        list(judge.step(batch_of([partial])))
        outputs += judge.flush(float(number), is_caught_up=True).outputs
    return outputs + judge.flush(1e6, is_caught_up=True).outputs


def journal_of(outputs: list[Outputs]) -> list[JournalEntry]:
    entries = [decode_journal_entry(v) for o in outputs if o.topic == FAIRNESS_JOURNAL for v in o.values if v]
    assert [entry.number for entry in entries] == list(range(len(entries)))
    return entries


def published_in(outputs: list[Outputs], topic: str) -> list[bytes]:
    return [value for own in outputs if own.topic == topic for value in own.values if value]


def restarting(data: st.DataObject, partials: list[Partial]) -> list[Outputs]:
    """Return what a judge writes that is restarted now and then, while its clock moves in steps of any size."""
    judge, state, outputs = new_judge(), dict[bytes, bytes](), []
    now_s = 0.0
    for number, partial in enumerate([*partials, None, None]):
        if partial is not None:
            list(judge.step(batch_of([partial], number)))
        now_s += data.draw(st.sampled_from((0, 1, 8, 70, 8000)))
        flush = judge.flush(now_s, is_caught_up=data.draw(st.booleans()) or partial is None)
        outputs += flush.outputs
        for key, value in flush.changes:
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
        if data.draw(st.booleans()):
            judge = new_judge()
            judge.restore(state, number + 1)
    return outputs


@given(data=st.data(), world=worlds())
def test_the_journal_repeats_what_a_judge_said_that_was_restarted(data: st.DataObject, world: World) -> None:
    outputs = restarting(data, data.draw(orders(world)))
    replayed = drive(world, journal_of(outputs))
    assert msgspec.json.encode(replayed.results) == msgspec.json.encode(results_of(outputs))


@given(data=st.data(), world=worlds())
def test_the_journal_repeats_every_result(data: st.DataObject, world: World) -> None:
    outputs = live(new_judge(), data.draw(orders(world)))
    replayed = drive(world, journal_of(outputs))
    assert msgspec.json.encode(replayed.results) == msgspec.json.encode(results_of(outputs))


@given(data=st.data(), world=worlds().map(outcomes_of))
def test_the_journal_repeats_every_result_about_outcomes(data: st.DataObject, world: World) -> None:
    outputs = live(new_judge(OUTCOME_POLICY), data.draw(orders(world)))
    replayed = drive(world, journal_of(outputs), OUTCOME_POLICY, "m/outcomes")
    assert list(map(encode_outcome_result, replayed.outcome_results)) == published_in(outputs, FAIRNESS_RESULTS)
    assert list(map(encode_alert, replayed.alerts)) == published_in(outputs, FAIRNESS_ALERTS)
    assert not replayed.results
