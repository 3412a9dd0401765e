"""What every test shares: kinds, hypothesis profiles, the deployed protocol, actors by role.

Isolation needs no fixture: titanoboa's pytest plugin wraps each fixture, each test and each
hypothesis example in `boa.env.anchor()`, so whatever a test does to the chain is undone after it,
block number and balances included. Ape's own isolation is off (pyproject.toml).
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import boa
import pytest
from boa.contracts.vyper.vyper_contract import StorageModel
from hypothesis import HealthCheck, settings

from tests.support import requirements, vyper_coverage
from tests.support.protocol import LPT, Protocol
from tests.support.shared import SHARED, WHY_SKIPPED
from tests.support.workers import Collectors
from tests.traces import tally as traces

TESTS = Path(__file__).parent
KINDS = ("unit", "integration", "stateful", "e2e")
SLOW_BUT_FINE = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

# `dev` while writing, `ci` for a run that is the same each time, `nightly` to search.
settings.register_profile(
    "dev",
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=SLOW_BUT_FINE,
)
settings.register_profile(
    "ci",
    settings.get_profile("dev"),
    max_examples=20,
    stateful_step_count=25,
    derandomize=True,
    print_blob=True,
)
settings.register_profile(
    "nightly",
    settings.get_profile("dev"),
    max_examples=1_000,
    stateful_step_count=60,
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# At every revert titanoboa spells out all storage the contract ever wrote, for an error message.
# That grows with the session, and fails if a mapping's key is itself a hash of two words.
StorageModel.dump = lambda _self: {}


def pytest_configure(config: pytest.Config) -> None:
    # An EVM in Python makes millions of objects that no cycle holds. Looking for cycles less often,
    # and never among what is there for good (below), saves a third of the time.
    gc.set_threshold(200_000, 20, 100)
    collectors = Collectors()
    collectors.add("requirements", requirements.give, requirements.take)
    collectors.add("traces", traces.give, traces.take)
    vyper_coverage.register(config, collectors)
    config.pluginmanager.register(collectors, "collectors")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in (*requirements.table(), *traces.lines()):
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test exactly one kind: its own marker, else its folder's, else unit."""
    for item in items:
        own = [kind for kind in KINDS if item.get_closest_marker(kind)]
        if len(own) > 1:
            raise pytest.UsageError(f"{item.nodeid}: one of {', '.join(KINDS)}, not {own}")
        if not own:
            folder = item.path.relative_to(TESTS).parts[0]
            item.add_marker(folder if folder in KINDS else "unit")


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference folder; skips the test when it is absent."""
    if not SHARED.is_dir():
        pytest.skip(WHY_SKIPPED)
    return SHARED


@pytest.fixture(scope="session")
def deployed_protocol() -> Protocol:
    """The whole system behind its proxies, deployed once a session. Use `protocol` in tests."""
    return Protocol()


@pytest.fixture
def protocol(deployed_protocol: Protocol) -> Iterator[Protocol]:
    """The whole system as deployed, at the start of an initialised round."""
    with boa.env.anchor():
        deployed_protocol.next_round()
        yield deployed_protocol


@pytest.fixture
def orchestrator(protocol: Protocol) -> str:
    """An account that can bond 1,000 LPT to itself; not registered yet."""
    return protocol.account("orchestrator", lpt=1_000 * LPT, eth=10**18)


@pytest.fixture
def delegator(protocol: Protocol) -> str:
    """An account that can bond 1,000 LPT to somebody; not bonded yet."""
    return protocol.account("delegator", lpt=1_000 * LPT, eth=10**18)


@pytest.fixture
def gateway(protocol: Protocol) -> str:
    """An account with 100 ETH to pay for work; nothing deposited yet."""
    return protocol.account("gateway", eth=100 * 10**18)


@pytest.fixture
def stranger() -> str:
    """An account without any right or balance."""
    return boa.env.generate_address("stranger")
