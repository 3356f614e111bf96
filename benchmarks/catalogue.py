"""The systems that are compared: how each is started, how many events it gets, what it lacks beside the full job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Size = Literal["full", "medium", "small"]


@dataclass(frozen=True)
class System:
    """One system.

    Attributes:
        name: Its name in tables, files and ``--systems``.
        title: What it is.
        size: Which of the three inputs it gets; figures are per event, so slow systems get fewer.
        lacks: How it differs from the full job.
        module: Its program below ``benchmarks.systems``; empty for the Java one.
        environment: Name of its requirement file; empty for the environment of this process.
        counts: Where its counts are found: it tells them itself, or they are read from a topic.
        goal: Least wanted ratio of FairStream's events per CPU-second to its own; None where there is none.
    """

    name: str
    title: str
    size: Size
    lacks: str
    module: str = ""
    environment: str = ""
    counts: Literal["told", "partials", "changelog"] = "told"
    goal: float | None = None


SYSTEMS = (
    System(
        name="fairstream",
        title="FairStream worker, role ingest",
        size="full",
        lacks="nothing: exactly once; also drops repeats, sets late events aside and refuses bad records",
        module="fairstream",
        counts="partials",
    ),
    System(
        name="confluent",
        title="plain confluent-kafka batch loop",
        size="full",
        lacks="counts in memory only: lost or doubled by a crash; a bad record ends it",
        module="confluent_loop",
        goal=0.7,
    ),
    System(
        name="aiokafka",
        title="plain aiokafka batch loop",
        size="full",
        lacks="counts in memory only: lost or doubled by a crash; a bad record ends it",
        module="aiokafka_loop",
        goal=0.8,
    ),
    System(
        name="take",
        title="Faust agent with take(1000)",
        size="small",
        lacks="at least once: counts too much after a crash",
        module="faust_take",
    ),
    System(
        name="faust",
        title="stock Faust agent, tumbling Table",
        size="small",
        lacks="at least once: counts too much after a crash",
        module="faust_agent",
        goal=60.0,
    ),
    System(
        name="quix",
        title="Quix Streams",
        size="medium",
        lacks="at least once; one state entry per partition and pane",
        module="quix",
        environment="quix",
        goal=4.0,
    ),
    System(
        name="bytewax",
        title="Bytewax",
        size="medium",
        lacks="no recovery store and no commit: a crash starts it anew; its last outputs are not awaited",
        module="bytewax_flow",
        environment="bytewax",
        goal=2.0,
    ),
    System(
        name="kafka-streams",
        title="Kafka Streams, exactly_once_v2",
        size="full",
        lacks="nothing that the job asks for; no repeats, late events or dead letters",
        counts="changelog",
        goal=1.0,
    ),
)
PYTHON_ONLY = tuple(system.name for system in SYSTEMS if system.module and not system.environment)


def system_of(name: str) -> System:
    """Return a system by its name.

    Raises:
        KeyError: there is none.
    """
    return next(system for system in SYSTEMS if system.name == name)
