"""Flags that the replay commands share, and what they mean."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.output import notes
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, Policy

if TYPE_CHECKING:
    from stream_app.pipeline.replay.source_log import SourceChoice

Model = Annotated[
    str | None, typer.Option("--model", help="Model of the policy; needed where it has several.", show_default=False)
]
From = Annotated[
    str | None,
    typer.Option("--from", help="Start in event time: 2026-11-23T09:00:00Z, 2h, 2h ago.", show_default=False),
]
To = Annotated[
    str | None, typer.Option("--to", help="End in event time, not included; the same forms.", show_default=False)
]
AlertId = Annotated[
    str | None, typer.Option("--alert", help="The stretch that this alert describes.", show_default=False)
]
WindowEnd = Annotated[
    str | None, typer.Option("--window-end", help="The window that ends then; see --window.", show_default=False)
]
WindowName = Annotated[
    str | None, typer.Option("--window", help="Name of that window.", show_default="first of the policy")
]
FromRaw = Annotated[
    bool,
    typer.Option("--from-raw/--published", help="Read the raw topic with the key, or the pseudonymized events."),
]
SourceTopic = Annotated[
    str | None, typer.Option("--source-topic", help="Read a copy of the topic instead.", show_default=False)
]
UnsafeExact = Annotated[
    bool, typer.Option("--unsafe-exact", help="Show groups of any size; for auditors, not for publication.")
]

_REPORT_EVERY_S = 0.5


def model_of(policy: Policy, name: str | None) -> ModelPolicy:
    """Return the model that is meant; without a name the only one that is judged.

    Raises:
        ConfigError: there are several, or it is not judged.
    """
    judged = [model for model in policy.models if model.kind == "decisions"]
    if name is None and len(judged) == 1:
        return judged[0]
    if name is None:
        raise ConfigError(
            f"The policy judges {len(judged)} models",
            action="Name one with --model: " + ", ".join(model.name for model in judged),
        )
    model = policy.model(name)
    if model.kind != "decisions":
        raise ConfigError(f"Model {name!r} is counted, not judged: there are no verdicts to replay")
    return model


def choice_of(model: ModelPolicy, *, from_raw: bool, source_topic: str | None) -> SourceChoice:
    """Return the topic that is read."""
    from stream_app.pipeline.replay.source_log import SourceChoice  # noqa: PLC0415  # other commands start faster

    return SourceChoice("raw" if from_raw or model.output_topic is None else "published", source_topic)


@contextmanager
def progress_bar(title: str, *, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far a replay is: a bar with the time left, or with ``--json`` lines on stderr."""
    if as_json:
        yield _json_progress(title)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Nothing is drawn where nobody looks: the end of a bar would be an empty line before an error.
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda n_done, n_total: bar.update(task, completed=n_done, total=n_total)


def _json_progress(title: str) -> Callable[[int, int], None]:
    started = last = time.monotonic()

    def tell(n_done: int, n_total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _REPORT_EVERY_S and n_done < n_total:
            return
        last = now
        left_s = (now - started) / n_done * (n_total - n_done) if n_done else 0.0
        sys.stderr.write(f'{{"progress":"{title}","n_done":{n_done},"n_total":{n_total},"left_s":{left_s:.1f}}}\n')

    return tell
