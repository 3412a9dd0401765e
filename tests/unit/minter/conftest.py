"""A Minter whose peers are accounts, and mocks where it asks them something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from tests.support.contracts import GIT_COMMIT, contract_id, deploy

INFLATION = 260_000_000  # 26 %
CHANGE = 200_000  # 0.02 %
TARGET = 500_000_000  # 50 %
BASE = 10**9


@dataclass(frozen=True)
class System:
    owner: str
    controller: Any
    minter: Any
    token: Any
    stake: Any
    bonding_manager: str
    jobs_manager: str
    rounds_manager: str

    def register(self, name: str, address: str) -> None:
        self.controller.setContractInfo(contract_id(name), address, GIT_COMMIT, sender=self.owner)

    def pause(self) -> None:
        self.controller.pause(sender=self.owner)

    def start_round(self, *, l2: int, l1: int = 0, bonded: int = 0) -> None:
        """Set what may be minted; BondingManager is a contract while its stake is asked for."""
        self.token.setSupply(l2, l1)
        self.stake.setTotalBonded(bonded)
        self.register("BondingManager", self.stake.address)
        self.minter.setCurrentRewardTokens(sender=self.rounds_manager)
        self.register("BondingManager", self.bonding_manager)

    def deposit(self, amount: int) -> None:
        boa.env.set_balance(self.jobs_manager, amount)
        self.minter.depositETH(value=amount, sender=self.jobs_manager)


@pytest.fixture(scope="module")
def system() -> System:
    owner = boa.env.generate_address("owner")
    controller = deploy("Controller", sender=owner)
    minter = deploy("Minter", controller.address, INFLATION, CHANGE, TARGET)
    token, stake = deploy("TokenMock"), deploy("StakeMock")
    peers = ("BondingManager", "JobsManager", "RoundsManager")
    bonding, jobs, rounds = (str(boa.env.generate_address(name)) for name in peers)
    system = System(owner, controller, minter, token, stake, bonding, jobs, rounds)
    for name, address in (
        ("BondingManager", bonding),
        ("JobsManager", jobs),
        ("RoundsManager", rounds),
        ("Minter", minter.address),
        ("LivepeerToken", token.address),
        ("L2LPTDataCache", token.address),
    ):
        system.register(name, address)
    controller.unpause(sender=owner)
    return system
