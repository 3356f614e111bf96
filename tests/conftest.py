"""What every test may use: the tiers by folder, fixed seeds in CI, one real Kafka for the whole run, unused names."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from stream_app.errors import DependencyMissingError
from tests.support.servers.brokers import describe_choice, open_broker
from tests.support.servers.registry import Registry, open_registry
from tests.support.tiers import TIERS, is_ci, skip_or_fail

__all__ = ["skip_or_fail"]

# A busy machine must not fail a test whose answer is right; a hang ends by pytest's own timeout.
hypothesis.settings.register_profile("patient", deadline=None)
# A run that decides about a change draws the same examples each time; `make nightly` draws many new ones.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    "nightly", deadline=None, max_examples=1000, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
# On the other Pythons: what differs between versions is found by few examples; on this one the usual number is drawn.
hypothesis.settings.register_profile("brief", deadline=None, derandomize=is_ci(), max_examples=25)
hypothesis.settings.load_profile("ci" if is_ci() else "patient")

# A broker of a test ends before the second compiler has paid for itself: without it a start takes 40 % less CPU time.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")

# A run in the background ignores SIGINT, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_TESTS = Path(__file__).parent
_BROKERS = pytest.StashKey[list[str]]()  # what was used, by this process and by its helpers
_OUTPUT = "brokers"


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    """Return the address of a real Kafka, ``host:port``; started at the first use, one for the whole run."""
    try:
        with open_broker(tmp_path_factory.mktemp("kafka")) as bootstrap:
            pytestconfig.stash[_BROKERS].append(f"{describe_choice()}, at {bootstrap}")
            yield bootstrap
    except DependencyMissingError as missing:
        skip_or_fail(f"No Kafka for the tests: {missing}")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Return a real schema registry; started at the first use, one for the whole run."""
    with open_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def fresh_name() -> Callable[[str], str]:
    """Return a function that makes names which start with ``it-<uuid>`` and which no other test has."""
    unique = f"it-{uuid.uuid4().hex[:12]}"
    return lambda name: f"{unique}-{name}"


@pytest.fixture
def app_id() -> str:
    """Return an application id that no other test has."""
    return f"it-{uuid.uuid4().hex[:12]}"


def pytest_configure(config: pytest.Config) -> None:
    """Declare one marker for each tier, so that ``pytest -m broker`` chooses it."""
    config.stash[_BROKERS] = []
    for name, meaning in TIERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the tier of its folder, and run the pure tiers first.

    A mistake in the logic then shows within a minute. Clients of a real broker also leave threads running that draw
    random numbers, which hypothesis takes for a flaw of the property test that runs at that moment.
    """
    order = list(TIERS)
    ranks = {item: _tier_rank(item, order) for item in items}
    for item, rank in ranks.items():
        if rank >= 0:
            item.add_marker(order[rank])
    items.sort(key=ranks.__getitem__)


def _tier_rank(item: pytest.Item, order: list[str]) -> int:
    """Return the place of a test's tier; -1 for the doctests of the packages."""
    tier = item.path.relative_to(_TESTS).parts[0] if item.path.is_relative_to(_TESTS) else ""
    return order.index(tier) if tier in order else -1


def pytest_report_header() -> str:
    """Report before the first test which broker the tests will use, and by which profile hypothesis draws."""
    return f"broker: {describe_choice()}; hypothesis: {hypothesis.settings.get_current_profile_name()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report after the last test which broker the tests used."""
    used = config.stash[_BROKERS] or ["none was needed"]
    terminalreporter.write_line(f"broker used: {'; '.join(used)}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what was used to the main process when tests run in several processes (``pytest -n``)."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_OUTPUT] = session.config.stash[_BROKERS]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Share the modules among the processes in an order that ends soon (``--dist loadfile``)."""
    from tests.support.sharing import Sharing  # noqa: PLC0415  # pytest-xdist, only where it is used

    return Sharing(config, log) if config.option.dist == "loadfile" else None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a helper process used."""
    node.config.stash[_BROKERS] += getattr(node, "workeroutput", {}).get(_OUTPUT, [])
