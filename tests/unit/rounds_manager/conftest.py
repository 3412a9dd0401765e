"""A RoundsManager on mocks of the two contracts that take part in the start of a round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest
from eth_utils import keccak

from tests.support.contracts import GIT_COMMIT, contract_id, deploy

LENGTH = 50


@dataclass(frozen=True)
class Clock:
    owner: str
    controller: Any
    rounds: Any
    peers: Any

    def set_length(self, length: int) -> None:
        self.rounds.setRoundLength(length, sender=self.owner)

    def set_lock(self, amount: int) -> None:
        self.rounds.setRoundLockAmount(amount, sender=self.owner)


def clock_of(name: str) -> Clock:
    owner = boa.env.generate_address("owner")
    controller = deploy("Controller", sender=owner)
    peers = deploy("StakeMock")
    with boa.env.prank(owner):
        for peer in ("BondingManager", "Minter"):
            controller.setContractInfo(contract_id(peer), peers.address, GIT_COMMIT)
        controller.unpause()
    return Clock(owner, controller, deploy(name, controller.address), peers)


def mine_to(block: int) -> None:
    """Advance the chain; each block has a hash of its own."""
    assert boa.env.evm.patch.block_number <= block
    boa.env.evm.patch.block_number = block
    boa.env.evm.patch.prev_hashes = [hash_of(block - back) for back in range(1, 257)]


def hash_of(block: int) -> bytes:
    return keccak(block.to_bytes(32, "big", signed=True))


@pytest.fixture
def clock() -> Clock:
    """At the first block of round 20, without a round length."""
    clock = clock_of("RoundsManager")
    mine_to(20 * LENGTH)
    return clock


@pytest.fixture
def running(clock: Clock) -> Clock:
    clock.set_length(LENGTH)
    return clock


@pytest.fixture(scope="module")
def adjustable() -> Clock:
    """Under test control at block 1000, with rounds of 50 blocks."""
    clock = clock_of("AdjustableRoundsManager")
    clock.rounds.setBlockNum(20 * LENGTH)
    clock.set_length(LENGTH)
    return clock
