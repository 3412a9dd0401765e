"""Orchestrators on an anvil whose rewards are due, and the keepers' own view of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from keepers.core.chain import Chain
from keepers.core.contracts import Book
from keepers.reward_view import Prospect, RewardView
from tests.keepers.slashing_system import LPT, MINTER_ROLE, Court
from tests.support.anvil import Anvil, run_anvil

ROUND_LENGTH = 1_000  # more blocks than all that a test does in one round


@dataclass
class RewardTown(Court):
    """`caller` is the reward caller of all `members`: a key, until `name_batcher`."""

    members: tuple[str, ...] = ()
    caller: str = ""
    batcher: str = ""

    def next_round(self) -> None:
        rounds = self.contracts["RoundsManager"].functions
        boundary = rounds.currentRoundStartBlock().call() + ROUND_LENGTH
        self.anvil.rpc("anvil_mine", hex(boundary - self.web3.eth.block_number))
        self.do("RoundsManager", "initializeRound")

    def name_caller(self, caller: str) -> None:
        for one in self.members:
            self.do("BondingManager", "setRewardCaller", caller, sender=one)

    def prospects(self, sender: str, count: int) -> tuple[Prospect, ...]:
        """As the keeper finds them; it is a new one, which has not seen what was undone."""
        chain = Chain.open([self.anvil.url])
        head = chain.head()
        view = RewardView(Book(chain, self.controller), sender, delegated=True)
        round, due = view.standings(chain, head, self.members[:count])
        return view.prospects(chain, head, round.number, due)

    def send(self, to: str, data: bytes, gas: int = 28_000_000) -> int:
        """From the caller's key. Gas used; fails the test if it reverts."""
        tx = self.web3.eth.send_transaction(
            {"from": self.caller, "to": to, "data": data, "gas": gas}
        )
        receipt = self.web3.eth.wait_for_transaction_receipt(tx)
        assert receipt["status"] == 1
        return int(receipt["gasUsed"])

    @contextmanager
    def undone(self) -> Iterator[None]:
        snapshot = self.anvil.rpc("evm_snapshot")
        try:
            yield
        finally:
            assert self.anvil.rpc("evm_revert", snapshot)


@contextmanager
def reward_town(stakes: Sequence[int]) -> Iterator[RewardTown]:
    """Members with so many LPT, each with one reward behind it and another one due."""
    with run_anvil("--accounts", str(len(stakes) + 2)) as anvil:
        yield _built(anvil, stakes)


def _built(anvil: Anvil, stakes: Sequence[int]) -> RewardTown:
    town = RewardTown(anvil)
    controller = town.deploy("Controller")
    town.register("Minter", town.deploy("Minter", controller, 218_500, 500, 500_000_000))
    town.register("LivepeerToken", town.deploy("LivepeerToken"))
    town.register("L2LPTDataCache", town.deploy("DummyL2LPTDataCache"))
    town.register("TicketBroker", town.owner)
    town.register("Treasury", town.web3.eth.accounts[-1])
    for name in ("BondingManager", "BondingVotes", "RoundsManager"):
        town.deploy(name, controller, behind=name)
    town.do("LivepeerToken", "grantRole", MINTER_ROLE, town.owner)
    town.do("LivepeerToken", "grantRole", MINTER_ROLE, town.contracts["Minter"].address)
    town.do("BondingManager", "setUnbondingPeriod", 7)
    town.do("BondingManager", "setNumActiveTranscoders", 100)
    town.do("BondingManager", "setTreasuryRewardCutRate", 10**26)
    town.do("RoundsManager", "setRoundLength", ROUND_LENGTH)
    town.do("Controller", "unpause")
    town.batcher = town.deploy("RewardBatcher", controller)
    town.caller, *members = town.web3.eth.accounts[1 : len(stakes) + 2]
    town.members = tuple(members)
    town.next_round()
    for one, stake in zip(town.members, stakes, strict=True):
        town.do("LivepeerToken", "mint", one, stake * LPT)
        manager = town.contracts["BondingManager"].address
        town.do("LivepeerToken", "approve", manager, stake * LPT, sender=one)
        town.do("BondingManager", "bond", stake * LPT, one, sender=one)
    town.name_caller(town.caller)
    town.next_round()
    for prospect in town.prospects(town.caller, len(stakes)):
        town.send(prospect.call.to, prospect.call.data)
    town.next_round()
    return town
