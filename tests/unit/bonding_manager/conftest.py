"""BondingManager inside the whole system, with what its tests say often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from tests.support.contracts import deploy
from tests.support.protocol import LPT, Protocol

PERC = 10**6
PRECISE = 10**27
NEVER = 2**256 - 1


def logged(contract: Any) -> list[tuple[Any, ...]]:
    """Events of the last transaction in order: name, then arguments in order of declaration."""
    return [(type(event).__name__, *event[1:]) for event in contract.get_logs()]


def own_events(manager: Any) -> list[tuple[Any, ...]]:
    """Events of BondingManager alone."""
    return [
        (type(event).__name__, *event[1:])
        for event in manager.get_logs()
        if event.address == manager.address
    ]


@dataclass
class Staking:
    """Short forms of everyday calls."""

    protocol: Protocol

    @property
    def manager(self) -> Any:
        return self.protocol.bonding_manager

    def transcoder(
        self, stake: int, *, cut: int = 0, share: int = 0, role: str = "orchestrator"
    ) -> str:
        """A transcoder bonded to itself with `stake` wei, its commission set."""
        account = self.protocol.account(role, lpt=100_000 * LPT)
        self.manager.bond(stake, account, sender=account)
        self.manager.transcoder(cut, share, sender=account)
        return account

    def delegator(self, stake: int, to: str) -> str:
        account = self.protocol.account("delegator", lpt=100_000 * LPT)
        self.manager.bond(stake, to, sender=account)
        return account

    def fill_pool(self, smallest: int = 1_000) -> list[str]:
        """A full pool, largest stake first; active from the next round on."""
        size = self.manager.getTranscoderPoolMaxSize()
        stakes = [smallest + 100 * place for place in reversed(range(size))]
        return [self.transcoder(stake) for stake in stakes]

    def pool(self) -> list[str]:
        """Members from the largest stake to the smallest."""
        members = []
        member = self.manager.getFirstTranscoderInPool()
        while int(str(member), 16):
            members.append(str(member))
            member = self.manager.getNextTranscoderInPool(member)
        return members

    def appoint(self, name: str) -> str:
        """An account registered in the Controller under `name`."""
        account = boa.env.generate_address(name)
        self.protocol.register(name, account)
        return account

    def next_round(self, count: int = 1) -> int:
        return self.protocol.next_round(count)

    def move_clock(self, rounds: int = 1) -> None:
        """Let rounds pass without initialising one."""
        for _ in range(rounds):
            self.protocol.mine_to_next_round()


@pytest.fixture
def staking(protocol: Protocol) -> Staking:
    return Staking(protocol)


@pytest.fixture
def manager(protocol: Protocol) -> Any:
    return protocol.bonding_manager


@pytest.fixture
def vault(protocol: Protocol) -> Any:
    """A Minter that mints 1,000 wei a reward, whatever the stake, and moves nothing."""
    mock = deploy("VaultMock")
    mock.setReward(1_000)
    protocol.register("Minter", mock.address)
    return mock


@pytest.fixture
def paused(protocol: Protocol) -> Any:
    """Call it to pause the system."""
    return lambda: protocol.controller.pause(sender=protocol.owner)
