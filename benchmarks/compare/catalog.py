"""The systems that are compared: how each is started, how many events it gets, and what it lacks."""

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
        lacks: Difference from the full job.
        module: Its program below ``benchmarks.systems``; empty for the Java one.
        environment: Name of its requirement file; empty for the environment of this process.
        counts: Source of its counts: it reports them itself, or they are read from a topic.
        tables: Its Faust Tables; their changelogs are created before the start, since an event that arrives before the
            app knows the partitions of a new topic is lost with an error (``PartitionsMismatch``).
        tries: How often a run that does not end is started. A stock Faust agent can lose what it fetched before its
            first assignment, and then waits for it without end; a run with wrong counts is wrong at once.
        passes: Suffix of each pass over the input; a Java system is measured cold and warmed.
        is_by_attribute: Whether it counts each attribute separately instead of their cross.
        goal: Minimum ratio of FairStream's events per CPU-second to those of this system; None without a goal.
    """

    name: str
    title: str
    size: Size
    lacks: str
    module: str = ""
    environment: str = ""
    counts: Literal["reported", "partials", "changelog"] = "reported"
    tables: tuple[str, ...] = ()
    tries: int = 1
    passes: tuple[str, ...] = ("",)
    is_by_attribute: bool = False
    goal: float | None = None


SYSTEMS = (
    System(
        name="fairstream",
        title="FairStream worker, role ingest",
        size="full",
        lacks="nothing: exactly once; also drops duplicates, lists late events and rejects invalid records",
        module="fairstream",
        counts="partials",
    ),
    System(
        name="confluent",
        title="plain confluent-kafka batch loop",
        size="full",
        lacks="counts in memory only: lost or doubled by a crash; an invalid record ends it",
        module="confluent_loop",
        goal=0.7,
    ),
    System(
        name="aiokafka",
        title="plain aiokafka batch loop",
        size="full",
        lacks="counts in memory only: lost or doubled by a crash; an invalid record ends it",
        module="aiokafka_loop",
        goal=0.8,
    ),
    System(
        name="take",
        title="Faust agent with take(1000)",
        size="small",
        lacks="at least once: counts too much after a crash",
        module="faust_take",
        tables=("counts",),
        tries=3,
    ),
    System(
        name="faust",
        title="stock Faust agent, a tumbling Table for each of gender, race and age",
        size="small",
        lacks="at least once: counts too much after a crash; no cross of the attributes",
        module="faust_by_attribute",
        tables=("genders", "races", "ages"),
        tries=3,
        is_by_attribute=True,
        goal=60.0,
    ),
    System(
        name="faust-cross",
        title="stock Faust agent, one tumbling Table for the cross",
        size="small",
        lacks="at least once: counts too much after a crash",
        module="faust_agent",
        tables=("counts",),
        tries=3,
    ),
    System(
        name="quix",
        title="Quix Streams, exactly once, keyed by group_by",
        size="medium",
        lacks="nothing that the job requires; no handling of duplicates, late events or dead letters",
        module="quix_grouped",
        environment="quix",
        goal=4.0,
    ),
    System(
        name="quix-one-key",
        title="Quix Streams, at least once, one key for a whole partition",
        size="medium",
        lacks="at least once; without the repartition topic that its keys require",
        module="quix",
        environment="quix",
    ),
    System(
        name="bytewax",
        title="Bytewax with its recovery store, a windowed count for each of gender, race and age",
        size="medium",
        lacks="at least once: publishes again after a crash; its state on a local disk; no cross of the attributes",
        module="bytewax_by_attribute",
        environment="bytewax",
        is_by_attribute=True,
        goal=2.0,
    ),
    System(
        name="bytewax-cross",
        title="Bytewax with its recovery store, one windowed count of the cross",
        size="medium",
        lacks="at least once: publishes again after a crash; its state on a local disk",
        module="bytewax_flow",
        environment="bytewax",
    ),
    System(
        name="kafka-streams",
        title="Kafka Streams, exactly_once_v2",
        size="full",
        lacks="nothing that the job requires; no handling of duplicates, late events or dead letters",
        counts="changelog",
        passes=("-cold", ""),
        goal=1.0,
    ),
)
BY_DEFAULT = ("fairstream", "confluent", "aiokafka", "take", "faust", "faust-cross")
WITH_PEERS = (*BY_DEFAULT, "quix", "quix-one-key", "bytewax", "bytewax-cross", "kafka-streams")


def system_of(name: str) -> System:
    """Return a system by its name.

    Raises:
        KeyError: there is none.
    """
    return next(system for system in SYSTEMS if system.name == name)
