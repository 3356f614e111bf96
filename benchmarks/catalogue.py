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
        passes: Suffix of each pass over the input; a Java system is measured cold and warmed.
        is_by_attribute: Whether it counts each attribute on its own instead of their cross.
        goal: Least wanted ratio of FairStream's events per CPU-second to its own; None where there is none.
    """

    name: str
    title: str
    size: Size
    lacks: str
    module: str = ""
    environment: str = ""
    counts: Literal["told", "partials", "changelog"] = "told"
    passes: tuple[str, ...] = ("",)
    is_by_attribute: bool = False
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
        name="faust-by-attribute",
        title="stock Faust agent, one tumbling Table for each of gender, race and age",
        size="small",
        lacks="at least once; no cross of the attributes",
        module="faust_by_attribute",
        is_by_attribute=True,
    ),
    System(
        name="quix",
        title="Quix Streams",
        size="medium",
        lacks="at least once; state keyed without the repartition topic that its keys ask for",
        module="quix",
        environment="quix",
        goal=4.0,
    ),
    System(
        name="bytewax",
        title="Bytewax with its recovery store",
        size="medium",
        lacks="at least once: publishes again after a crash; its state lies on a local disk",
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
        passes=("-cold", ""),
        goal=1.0,
    ),
)
BY_DEFAULT = ("fairstream", "confluent", "aiokafka", "take", "faust")
WITH_PEERS = (*BY_DEFAULT, "faust-by-attribute", "quix", "bytewax", "kafka-streams")


def system_of(name: str) -> System:
    """Return a system by its name.

    Raises:
        KeyError: there is none.
    """
    return next(system for system in SYSTEMS if system.name == name)
