"""What the keepers did, told by the chain alone: done, missing, reverted, paid, left pending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from tests.chaos.anvil_chain import BondingWorld

REWARD = "0x" + keccak(text="Reward(address,uint256)").hex()
NEW_ROUND = "0x" + keccak(text="NewRound(uint256,bytes32)").hex()


@dataclass(frozen=True)
class Ledger:
    """`rewards` and `rounds` map what was done to its block; gas in wei.

    `twice`: rewards called again in their round. `doubled`: transactions that do what another one
    did in the same round, whether they reverted or not.
    """

    rounds: dict[int, int]
    rewards: dict[tuple[int, str], int]
    twice: int
    doubled: int
    transactions: int
    reverted: int
    paid: int
    pending: int

    def missing(self, rounds: Collection[int], orchestrators: Collection[str]) -> int:
        wanted = {(number, one) for number in rounds for one in orchestrators}
        return len(wanted - self.rewards.keys())

    def slowest(self, rounds: Collection[int]) -> int:
        """Most blocks from the start of a round to one of its rewards."""
        late = [
            block - self.rounds[number]
            for (number, _), block in self.rewards.items()
            if number in rounds
        ]
        return max(late, default=0)


def read_ledger(world: BondingWorld, keepers: Collection[str], first: int) -> Ledger:
    """From block `first` to the head."""
    chain = world.chain
    rounds = {
        int(log["topics"][1], 16): int(log["blockNumber"], 16)
        for log in _logs(world, "RoundsManager", NEW_ROUND)
    }
    starts = sorted((block, number) for number, block in rounds.items())
    done: Counter[tuple[int, str]] = Counter()
    blocks: dict[tuple[int, str], int] = {}
    for log in _logs(world, "BondingManager", REWARD):
        block = int(log["blockNumber"], 16)
        number = next(number for start, number in reversed(starts) if start <= block)
        key = (number, "0x" + log["topics"][1][-40:])
        done[key] += 1
        blocks[key] = block
    transactions = reverted = paid = 0
    sent: Counter[tuple[int, str]] = Counter()
    own = {one.lower() for one in keepers}
    for number in range(first, chain.head + 1):
        if not chain.rpc("eth_getBlockTransactionCountByNumber", hex(number)) > "0x0":
            continue
        for receipt in chain.rpc("eth_getBlockReceipts", hex(number)):
            if receipt["from"].lower() not in own:
                continue
            transactions += 1
            reverted += receipt["status"] != "0x1"
            paid += int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
            tx = chain.rpc("eth_getTransactionByHash", receipt["transactionHash"])
            # A function and its first argument: the others are hints.
            sent[next((n for at, n in reversed(starts) if at < number), 0), tx["input"][:74]] += 1
    pending = sum(
        int(chain.rpc("eth_getTransactionCount", one, "pending"), 16)
        - int(chain.rpc("eth_getTransactionCount", one, "latest"), 16)
        for one in own
    )
    twice = sum(count - 1 for count in done.values())
    doubled = sum(count - 1 for (_, what), count in sent.items() if what != "0x")
    return Ledger(rounds, blocks, twice, doubled, transactions, reverted, paid, pending)


def _logs(world: BondingWorld, contract: str, topic: str) -> list[dict[str, Any]]:
    asked = {
        "address": world.contracts[contract].address,
        "topics": [topic],
        "fromBlock": "0x0",
        "toBlock": "latest",
    }
    found: list[dict[str, Any]] = world.chain.rpc("eth_getLogs", asked)
    return found
