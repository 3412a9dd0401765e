"""A chain in memory with the rules that a transaction core meets: nonces, a mempool, fees, reorgs.

It stands in for keepers.core.chain.Chain. The calldata of a transaction names an operation, which
succeeds once and then reverts as `reward` does. Faults are switches: `swallow`, `lose_answer`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from keepers.core.model import (
    Broadcast,
    Call,
    Head,
    Receipt,
    Reverted,
    Signed,
    Unsigned,
)

ACCOUNT = "0x00000000000000000000000000000000000000A1"
TARGET = "0x00000000000000000000000000000000000000b2"
OPERATION_GAS = 100_000
DONE = "caller has already called reward for the current round"
NOT_YET = "current round is not initialized"


def error(text: str) -> bytes:
    return bytes.fromhex("08c379a0") + encode(["string"], [text])


class FakeSigner:
    """Signs nothing: the raw transaction is its fields."""

    def __init__(self, address: str = ACCOUNT) -> None:
        self.address, self.signed = address, 0

    def sign(self, tx: Unsigned) -> Signed:
        self.signed += 1
        fields = {**vars(tx), "data": tx.data.hex(), "sender": self.address}
        raw = json.dumps(fields, sort_keys=True).encode()
        return Signed("0x" + keccak(raw).hex(), raw)


@dataclass(frozen=True)
class Tx:
    hash: str
    sender: str
    nonce: int
    to: str
    operation: str
    gas: int
    max_fee: int
    tip: int

    @classmethod
    def read(cls, raw: bytes) -> Tx:
        f = json.loads(raw)
        return cls(
            "0x" + keccak(raw).hex(),
            *(f["sender"], f["nonce"], f["to"], bytes.fromhex(f["data"]).decode()),
            *(f["gas"], f["max_fee"], f["tip"]),
        )


@dataclass(frozen=True)
class Block:
    number: int
    hash: str
    base_fee: int
    receipts: tuple[tuple[Tx, Receipt], ...] = ()


@dataclass
class FakeChain:
    base_fee: int = 100
    tip: int = 0
    chain_id: int = 31337
    blocks: list[Block] = field(default_factory=lambda: [Block(0, "0x00", 100)])
    pool: dict[tuple[str, int], Tx] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)  # operations that are not possible yet
    refused: dict[str, bytes] = field(default_factory=dict)  # operations, with their revert data
    elsewhere: set[str] = field(default_factory=set)  # operations that others have done
    greedy: set[str] = field(default_factory=set)  # operations that need twice their estimate
    funds: int = 10**24
    swallow: int = 0  # so many broadcasts are answered and dropped
    lose_answer: int = 0  # so many broadcasts arrive and are not answered
    answers: list[Broadcast] = field(default_factory=list)  # to the next broadcasts, which go lost
    rejected: int = 0  # replacements that were too cheap
    salt: count[int] = field(default_factory=count)

    # -- the world

    def mine(self, blocks: int = 1, *, only: set[int] | None = None) -> None:
        """Blocks with all that can be mined, in order of nonces; `only` some nonces."""
        for _ in range(blocks):
            number = len(self.blocks)
            block_hash = f"0x{number:x}/{next(self.salt)}"
            receipts: list[tuple[Tx, Receipt]] = []
            self.blocks.append(Block(number, block_hash, self.base_fee))
            for key in sorted(self.pool):
                tx = self.pool[key]
                if tx.nonce != self._count(tx.sender) or tx.max_fee < self.base_fee:
                    continue
                if only is not None and tx.nonce not in only:
                    continue
                receipts.append((tx, self._run(tx, number, block_hash)))
                self.blocks[-1] = Block(number, block_hash, self.base_fee, tuple(receipts))
                del self.pool[key]

    def reorganise(self, depth: int, *, keep: bool, empty: int = 1) -> None:
        """Replace `depth` blocks by longer ones; `keep`: what they held waits again."""
        cut = min(depth, len(self.blocks) - 1)
        gone = [tx for block in self.blocks[-cut:] for tx, _ in block.receipts]
        del self.blocks[-cut:]
        if keep:
            for tx in gone:
                self.pool.setdefault((tx.sender, tx.nonce), tx)
        held, self.pool = self.pool, {}
        self.mine(cut + empty)
        self.pool = held

    def use_key_elsewhere(self, nonce: int, sender: str = ACCOUNT) -> None:
        """Somebody with the same key has a transaction mined at this nonce."""
        tx = Tx(f"0xe{next(self.salt):x}", sender, nonce, TARGET, "", 21_000, 10**12, 0)
        self.pool[(sender, nonce)] = tx
        self.mine()

    def drop(self, nonce: int, sender: str = ACCOUNT) -> None:
        self.pool.pop((sender, nonce), None)

    def outcomes(self, operation: str) -> list[bool]:
        """Of each mined transaction that tried it, whether it succeeded."""
        return [
            receipt.ok
            for block in self.blocks
            for tx, receipt in block.receipts
            if tx.operation == operation
        ]

    def spent(self) -> int:
        return sum(receipt.paid for block in self.blocks for _, receipt in block.receipts)

    # -- what a Chain answers

    def head(self) -> Head:
        block = self.blocks[-1]
        return Head(block.number, block.hash, 1_000 + block.number, self.base_fee)

    def call(self, call: Call, block: int | str) -> bytes:
        upto = block if isinstance(block, int) else len(self.blocks) - 1
        self._raise_if_refused(call.data.decode(), upto)
        return b""

    def estimate_many(self, calls: Sequence[Call], block: int | str) -> list[int | Reverted]:
        return [self._estimate(call, pending=block == "pending") for call in calls]

    def foretell(self, calls: Sequence[Call], _block: int) -> list[int | None]:
        return [None] * len(calls)

    def nonce(self, account: str, block: int | str) -> int:
        mined = self._count(account)
        if block != "pending":
            return mined
        while (account, mined) in self.pool:
            mined += 1
        return mined

    def balance(self, _account: str, _block: int | str) -> int:
        return self.funds - self.spent()

    def finalized(self) -> int | None:
        return None

    def receipts(self, hashes: Sequence[str]) -> dict[str, Receipt]:
        wanted = set(hashes)
        return {
            tx.hash: receipt
            for block in self.blocks
            for tx, receipt in block.receipts
            if tx.hash in wanted
        }

    def is_known(self, tx: str) -> bool:
        return any(one.hash == tx for one in self.pool.values()) or bool(self.receipts([tx]))

    def suggested_tip(self) -> int:
        return self.tip

    def broadcast(self, raw: bytes) -> tuple[Broadcast, str]:
        outcome = self._accept(Tx.read(raw))
        if self.lose_answer:
            self.lose_answer -= 1
            outcome = Broadcast.UNKNOWN
        return outcome, outcome.value

    # -- rules

    def _accept(self, tx: Tx) -> Broadcast:
        if self.is_known(tx.hash):
            return Broadcast.KNOWN
        if tx.nonce < self._count(tx.sender):
            return Broadcast.NONCE_TOO_LOW
        if tx.gas * tx.max_fee > self.balance(tx.sender, "latest"):
            return Broadcast.POOR
        if self.swallow:
            self.swallow -= 1
            return Broadcast.ACCEPTED
        if self.answers:
            return self.answers.pop(0)
        old = self.pool.get((tx.sender, tx.nonce))
        if old and not (
            tx.max_fee >= -(-old.max_fee * 11 // 10)
            and tx.tip >= -(-old.tip * 11 // 10)
            and tx.tip > old.tip
            and tx.max_fee > old.max_fee
        ):
            self.rejected += 1
            return Broadcast.UNDERPRICED
        self.pool[(tx.sender, tx.nonce)] = tx
        return Broadcast.ACCEPTED

    def _run(self, tx: Tx, number: int, block_hash: str) -> Receipt:
        ok, gas = True, 21_000
        if tx.operation:
            gas = OPERATION_GAS
            try:
                self._raise_if_refused(tx.operation, number)
            except Reverted:
                ok, gas = False, 30_000
            need = 2 * OPERATION_GAS if tx.operation in self.greedy else gas
            if ok and tx.gas < need:
                ok, gas = False, tx.gas
        price = min(tx.max_fee, self.base_fee + tx.tip)
        return Receipt(tx.hash, number, block_hash, ok, gas, gas * price)

    def _raise_if_refused(self, operation: str, upto: int) -> None:
        if operation in self.refused:
            raise Reverted(self.refused[operation])
        if operation in self.blocked:
            raise Reverted(error(NOT_YET))
        done = any(
            tx.operation == operation and receipt.ok
            for block in self.blocks[: upto + 1]
            for tx, receipt in block.receipts
        )
        if done or operation in self.elsewhere:
            raise Reverted(error(DONE))

    def _estimate(self, call: Call, *, pending: bool) -> int | Reverted:
        if not call.data:
            return 21_000
        operation = call.data.decode()
        if pending and any(tx.operation == operation for tx in self.pool.values()):
            return Reverted(error(DONE))
        try:
            self._raise_if_refused(operation, len(self.blocks) - 1)
        except Reverted as reverted:
            return reverted
        return OPERATION_GAS

    def _count(self, account: str) -> int:
        return sum(tx.sender == account for block in self.blocks for tx, _ in block.receipts)
