"""A governor with its treasury, on a votes contract whose clock, powers and total the test sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import boa
import pytest
from eth_utils import keccak

from tests.models.governor import GovernorModel
from tests.models.timelock import CANCELLER, EXECUTOR, PROPOSER, Actions, operation_id
from tests.support.contracts import GIT_COMMIT, at, contract_id, deploy
from tests.support.protocol import LPT

ROUND = 100
DELAY, PERIOD, THRESHOLD, QUORUM, QUOTA = 1, 10, 100 * LPT, 333_300, 500_000
RULES = (DELAY, PERIOD, THRESHOLD, QUORUM, QUOTA)
TOTAL = 1_000 * LPT
AGAINST, FOR, ABSTAIN = range(3)
PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)


class Content(NamedTuple):
    """What is proposed. Ids are worked out here, not asked for."""

    targets: list[str]
    values: list[int]
    calldatas: list[bytes]
    description: str = "a proposal"

    @property
    def hash(self) -> bytes:
        return keccak(text=self.description)

    @property
    def hashed(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        """As every function but `propose` takes it."""
        return self.targets, self.values, self.calldatas, self.hash

    @property
    def actions(self) -> Actions:
        return Actions(tuple(self.targets), tuple(self.values), tuple(self.calldatas))

    @property
    def id(self) -> int:
        return GovernorModel.id_of(self.actions, self.description)

    @property
    def operation(self) -> bytes:
        return operation_id(self.actions, self.hash)


def call(target: Any, function: str, *arguments: Any, value: int = 0) -> Content:
    """One call as a proposal."""
    data = getattr(target, function).prepare_calldata(*arguments)
    return Content([target.address], [value], [data], f"{function} {arguments}")


@dataclass
class Hall:
    """`governor` is the proxy; `owner` owns the Controller; `power` stands for BondingVotes."""

    owner: str
    controller: Any
    power: Any
    treasury: Any
    target: Any
    governor: Any

    def account(self, role: str, votes: int = 0, delegate: str = "", *, since: int = 0) -> str:
        """With this power, all its own unless it delegates to somebody."""
        account = str(boa.env.generate_address(role))
        self.power.setPower(account, votes, delegate or account, since)
        return account

    def register(self, name: str, address: str) -> None:
        self.controller.setContractInfo(contract_id(name), address, GIT_COMMIT, sender=self.owner)

    def propose(self, content: Content) -> int:
        """By somebody who may."""
        proposer = self.account("proposer", THRESHOLD)
        return int(self.governor.propose(*content, sender=proposer))

    def open(self, content: Content) -> int:
        """Proposed, in the first round of its vote."""
        key = self.propose(content)
        self.power.setClock(self.governor.proposalSnapshot(key) + 1)
        return key

    def vote(self, key: int, support: int, votes: int, delegate: str = "") -> str:
        """By somebody new with this power."""
        voter = self.account("voter", votes, delegate)
        self.governor.castVote(key, support, sender=voter)
        return voter

    def close(self, key: int) -> None:
        self.power.setClock(self.governor.proposalDeadline(key) + 1)

    def win(self, content: Content) -> int:
        """Voted for by all; nothing queued yet."""
        key = self.open(content)
        self.vote(key, FOR, TOTAL)
        self.close(key)
        return key

    def queue(self, content: Content) -> int:
        key = self.win(content)
        self.governor.queue(*content.hashed)
        return key

    def enact(self, content: Content) -> int:
        """From nothing to executed."""
        key = self.queue(content)
        self.governor.execute(*content.hashed)
        return key


def new_hall() -> Hall:
    """Deployed and registered; neither treasury nor governor is initialised."""
    owner = str(boa.env.generate_address("owner"))
    controller = deploy("Controller", sender=owner)
    power = deploy("VotingPowerMock")
    power.setClock(ROUND)
    power.setTotal(TOTAL)
    treasury = deploy("Treasury")
    target = deploy("LivepeerGovernor", controller.address)
    proxy = deploy("ManagerProxy", controller.address, contract_id("LivepeerGovernorTarget"))
    governor = at("LivepeerGovernor", proxy.address)
    hall = Hall(owner, controller, power, treasury, target, governor)
    for name, contract in (
        ("BondingVotes", power),
        ("Treasury", treasury),
        ("LivepeerGovernorTarget", target),
        ("LivepeerGovernor", governor),
    ):
        hall.register(name, contract.address)
    return hall


@pytest.fixture(scope="session")
def new() -> Hall:
    """Nothing initialised; whoever initialises the treasury hands out its roles."""
    return new_hall()


@pytest.fixture(scope="session")
def hall() -> Hall:
    """As the deploy script leaves it: the governor alone proposes, executes and cancels."""
    hall = new_hall()
    initialize(hall)
    return hall


def initialize(hall: Hall) -> None:
    roles = (PROPOSER, CANCELLER, EXECUTOR)
    with boa.env.prank(hall.owner):
        hall.treasury.initialize(0, [], [], hall.owner)
        hall.governor.initialize(*RULES)
        for role in roles:
            hall.treasury.grantRole(role, hall.governor.address)
        hall.treasury.renounceRole(hall.treasury.TIMELOCK_ADMIN_ROLE(), hall.owner)


@pytest.fixture
def frank(new: Hall) -> Hall:
    """With a timelock that tells why an action failed."""
    timelock = deploy("TimelockMock")
    new.register("Treasury", timelock.address)
    new.governor.initialize(*RULES)
    return new


@pytest.fixture
def pay(hall: Hall) -> Content:
    """One action: 7 wei from the treasury to somebody."""
    boa.env.set_balance(hall.treasury.address, 7)
    return Content([str(boa.env.generate_address("payee"))], [7], [b""], "pay 7 wei")


@pytest.fixture
def proposer(hall: Hall) -> str:
    """With exactly the votes that it takes to propose."""
    return hall.account("proposer", THRESHOLD)
