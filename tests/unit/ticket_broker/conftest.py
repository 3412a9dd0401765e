"""The broker on mocks, and its actors. Everything starts unfunded in round 10."""

from __future__ import annotations

import boa
import pytest

from tests.support.ticket_broker import BrokerOnMocks, Key, key_of


@pytest.fixture(scope="session")
def deployed_system() -> BrokerOnMocks:
    return BrokerOnMocks()


@pytest.fixture
def system(deployed_system: BrokerOnMocks) -> BrokerOnMocks:
    return deployed_system


@pytest.fixture
def gateway_key() -> Key:
    return key_of("gateway")


@pytest.fixture
def gateway(gateway_key: Key) -> str:
    """Signs tickets. Owns 1,000,000 wei outside the broker."""
    boa.env.set_balance(gateway_key.address, 1_000_000)
    return gateway_key.address


@pytest.fixture
def orchestrator(system: BrokerOnMocks) -> str:
    """Redeems tickets: one of the two members of the active set."""
    address = boa.env.generate_address("orchestrator")
    system.activate(address, of=2)
    return address


@pytest.fixture
def stranger() -> str:
    """Has money and nothing to do with the ticket."""
    address = boa.env.generate_address("stranger")
    boa.env.set_balance(address, 1_000_000)
    return address
