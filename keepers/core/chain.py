"""The only way to the network: reads at one block, and transactions to every endpoint.

Reads are pinned to a block by its number. An endpoint that does not have that block is passed over,
so whatever is read is at least as new as the head it belongs to. What cannot be pinned (receipts,
logs, "latest", "pending") is asked together with a block that the endpoint has to have.
Source: keepers spec (e1), R7, R10, R21.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from eth_utils.crypto import keccak

from keepers.core import wire
from keepers.core.endpoint import EndpointStatus, Rules
from keepers.core.endpoints import BlockMissing, Endpoints, OtherBranch, Turn, learn_chain_id
from keepers.core.log_ranges import LogReader
from keepers.core.model import Broadcast, Call, Head, Log, Receipt, Reverted, Unavailable
from keepers.core.node_answers import Sort, outcome_of, revert_data, sort_of
from keepers.core.rpc import Ask, EndpointError, NodeError, Rpc
from keepers.core.wire import Malformed, Topic

SEND_SECONDS = (
    2.0  # for one endpoint to take a transaction; a sequencer answers once it is in order
)
KNOWN_SECONDS = 1.0  # for one endpoint to say whether it has a transaction

# The best of several outcomes, first to last. A node that took it has it. "Nonce too low" is a fact
# about the chain that any node may know first. Then "no answer": it may be under way, which no
# refusal elsewhere excludes. Of refusals, one that a higher fee repairs comes first.
BEST_FIRST = (
    Broadcast.ACCEPTED,
    Broadcast.KNOWN,
    Broadcast.NONCE_TOO_LOW,
    Broadcast.UNKNOWN,
    Broadcast.UNDERPRICED,
    Broadcast.FEE_TOO_LOW,
    Broadcast.POOR,
    Broadcast.NONCE_TOO_HIGH,
    Broadcast.REFUSED,
)
NO_SUCH_METHOD = -32601
T = TypeVar("T")


class Chain:
    """One chain behind several endpoints. Everything raises Unavailable if none can be trusted."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.chain_id = endpoints.chain_id
        self._endpoints = endpoints
        self._logs = LogReader(endpoints)
        self._foretells = True  # until a node says that it has no such method

    @classmethod
    def open(
        cls,
        urls: Sequence[str],
        chain_id: int | None = None,
        *,
        rules: Rules | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Chain:
        """Without a chain id, that of the endpoints, which then must not differ.

        Raises KeeperError for a bad URL, Unavailable only where the chain id has to be asked for.
        """
        rpcs = [Rpc(url) for url in urls]
        wanted = learn_chain_id(rpcs) if chain_id is None else chain_id
        return cls(Endpoints(rpcs, wanted, rules=rules, monotonic=monotonic, sleep=sleep))

    def status(self) -> list[EndpointStatus]:
        """In the order of the configuration."""
        return self._endpoints.status()

    def head(self) -> Head:
        """Never lower than before because of a node that lags; see heads.py."""
        return self._endpoints.head()

    # -- simulation

    def call(self, call: Call, block: int | str) -> bytes:
        """Raises Reverted, Unavailable."""
        result = self.call_many([call], block)[0]
        if isinstance(result, Reverted):
            raise result
        return result

    def call_many(self, calls: Sequence[Call], block: int | str) -> list[bytes | Reverted]:
        """Raises Unavailable."""
        return self._simulate("eth_call", calls, block, wire.octets)

    def estimate_many(self, calls: Sequence[Call], block: int | str) -> list[int | Reverted]:
        """Gas, without any margin. Raises Unavailable."""
        return self._simulate("eth_estimateGas", calls, block, wire.quantity)

    def _simulate(
        self, method: str, calls: Sequence[Call], block: int | str, parse: Callable[[Any], T]
    ) -> list[T | Reverted]:
        asks = [Ask(method, (wire.call(call), wire.tag(block))) for call in calls]

        def result(answer: Any) -> T | Reverted:
            if not isinstance(answer, NodeError):
                return parse(answer)
            data = revert_data(answer)
            if data is None:
                raise answer
            return Reverted(data, "" if data else answer.message)

        def work(turn: Turn) -> list[T | Reverted]:
            return [result(answer) for answer in self._ask(turn, asks, block)]

        return self._endpoints.read(work, f"{method} at block {block}") if asks else []

    def foretell(self, calls: Sequence[Call], block: int) -> list[int | None]:
        """Gas that each call will use when they come in this order after the block.

        An estimate is of the block as it is, and of what a call needs at worst. None where nobody
        can say: eth_simulateV1 is young, and a call may fail in it. Raises Unavailable.
        """
        unknown: list[int | None] = [None] * len(calls)
        if not calls or not self._foretells:
            return unknown
        asked = {"blockStateCalls": [{"calls": [wire.call(call) for call in calls]}]}

        def work(turn: Turn) -> list[int | None]:
            """It is no fault of an endpoint if it cannot."""
            try:
                return wire.simulated(turn.ask("eth_simulateV1", asked, wire.tag(block)))
            except NodeError as error:
                self._foretells = error.code != NO_SUCH_METHOD
            except (EndpointError, Malformed):
                pass
            return unknown

        found = self._endpoints.read(work, f"a simulation at block {block}")
        return found if len(found) == len(calls) else unknown

    # -- state

    def nonce(self, account: str, block: int | str) -> int:
        return self._read("eth_getTransactionCount", account, block, wire.quantity)

    def balance(self, account: str, block: int | str) -> int:
        """Wei."""
        return self._read("eth_getBalance", account, block, wire.quantity)

    def code(self, address: str, block: int | str) -> bytes:
        return self._read("eth_getCode", address, block, wire.octets)

    def _read(self, method: str, account: str, block: int | str, parse: Callable[[Any], T]) -> T:
        ask = Ask(method, (account, wire.tag(block)))

        def work(turn: Turn) -> T:
            (answer,) = self._ask(turn, [ask], block)
            return parse(_result(answer))

        return self._endpoints.read(work, f"{method} at block {block}")

    def _ask(self, turn: Turn, asks: Sequence[Ask], block: int | str) -> list[Any]:
        """Questions at a block. A name like "pending" does not say which; so the head is asked for
        along with them, and a node that does not have it is passed over.
        """
        top = self._endpoints.heads.top
        if isinstance(block, int) or top is None:
            return turn.ask_many(asks)
        answers = turn.ask_many([_block(top.number), *asks])
        if wire.block_hash(_result(answers[0])) is None:
            raise BlockMissing(f"does not have block {top.number}")
        return answers[1:]

    # -- blocks and transactions

    def block_hash(self, number: int) -> str | None:
        """None if the block is not there yet."""
        top = self._endpoints.heads.top

        def work(turn: Turn) -> str | None:
            (answer,) = turn.ask_many([_block(number)])
            found = wire.block_hash(_result(answer))
            if found is None and top and number <= top.number:
                raise BlockMissing(f"does not have block {number}")
            return found

        return self._endpoints.read(work, f"block {number}")

    def finalized(self) -> int | None:
        """Number of the finalized block, None where the chain does not tell."""

        def work(turn: Turn) -> int | None:
            try:
                block = turn.ask("eth_getBlockByNumber", "finalized", False)
            except NodeError as error:
                if sort_of(error) is Sort.LIMITED:
                    raise
                return None
            return None if block is None else wire.seen(block).head.number

        return self._endpoints.read(work, "the finalized block")

    def receipts(self, hashes: Sequence[str]) -> dict[str, Receipt]:
        """By transaction hash, of those in a block of the chain that the head belongs to.

        All from one endpoint, which has to have the head: one that lags knows no newer receipt, and
        that must not look as if a block were gone.
        """
        top = self._endpoints.heads.top or self.head()
        asks = [Ask("eth_getTransactionReceipt", (tx,)) for tx in hashes]

        def work(turn: Turn) -> dict[str, Receipt]:
            first, *answers = turn.ask_many([_block(top.number), *asks])
            names = {top.number: wire.block_hash(_result(first))}
            if names[top.number] is None:
                raise BlockMissing(f"does not have block {top.number}")
            if names[top.number] != top.hash:
                raise OtherBranch(f"has another block {top.number}")
            found = [wire.receipt(_result(answer)) for answer in answers]
            for tx, receipt in zip(hashes, found, strict=True):
                if receipt and receipt.hash != tx.lower():
                    raise Malformed(f"the receipt of {receipt.hash} for {tx}")
            kept = [receipt for receipt in found if receipt is not None]
            numbers = sorted({receipt.block_number for receipt in kept} - set(names))
            blocks = turn.ask_many([_block(number) for number in numbers])
            names |= {
                number: wire.block_hash(_result(block))
                for number, block in zip(numbers, blocks, strict=True)
            }
            return {
                receipt.hash: receipt
                for receipt in kept
                if names[receipt.block_number] == receipt.block_hash
            }

        return self._endpoints.read(work, "receipts") if asks else {}

    def is_known(self, tx: str) -> bool:
        """Whether any usable endpoint has it, in a block or waiting."""

        def work(turn: Turn) -> bool:
            return turn.ask("eth_getTransactionByHash", tx) is not None

        troubles = []
        answered = False
        for endpoint, answer in self._endpoints.each(work, KNOWN_SECONDS):
            if answer is True:
                return True
            answered |= answer is False
            if isinstance(answer, Exception):
                troubles.append(f"{endpoint.name} {answer}")
        if not answered:
            raise Unavailable(f"no endpoint says whether it has {tx}: {'; '.join(troubles)}")
        return False

    def suggested_tip(self) -> int:
        """Wei per gas; 0 where nodes suggest none."""

        def work(turn: Turn) -> int:
            try:
                return wire.quantity(turn.ask("eth_maxPriorityFeePerGas"))
            except NodeError as error:
                if sort_of(error) is not Sort.UNSUPPORTED:
                    raise
                return 0

        return self._endpoints.read(work, "a suggested tip")

    def broadcast(self, raw: bytes) -> tuple[Broadcast, str]:
        """Give a transaction to every usable endpoint. The best outcome, and a line for the log.

        Never raises: if nobody could be reached the outcome is UNKNOWN, and it can be sent again.
        """
        wanted = keccak(raw)

        def work(turn: Turn) -> Broadcast:
            answer = turn.ask("eth_sendRawTransaction", "0x" + raw.hex())
            if wire.octets(answer, "a transaction hash") != wanted:
                raise Malformed("the hash of another transaction")
            return Broadcast.ACCEPTED

        found: dict[Broadcast, None] = {}
        lines = []
        for endpoint, answer in self._endpoints.each(work, SEND_SECONDS):
            outcome = _outcome(answer)
            if outcome is not None:
                found[outcome] = None
            detail = f" ({answer})" if outcome and isinstance(answer, Exception) else ""
            lines.append(f"{endpoint.name}: {outcome or answer}{detail}")
        best = min(found, key=BEST_FIRST.index, default=Broadcast.UNKNOWN)
        return best, "; ".join(lines) or "no endpoint to send to"

    def logs(
        self, address: str | Sequence[str], topics: Sequence[Topic], first: int, last: int
    ) -> Iterator[list[Log]]:
        """Logs of blocks `first` to `last`, both included, in order, in parts as nodes allow.

        Parts without logs are left out. Raises Unavailable, also when `last` is not there yet.
        """
        return self._logs.read(address, topics, first, last)


def _block(number: int) -> Ask:
    return Ask("eth_getBlockByNumber", (hex(number), False))


def _result(answer: Any) -> Any:
    if isinstance(answer, NodeError):
        raise answer
    return answer


def _outcome(answer: Broadcast | Exception) -> Broadcast | None:
    """What one endpoint made of a transaction; None if it surely did not get it."""
    if isinstance(answer, Broadcast):
        return answer
    if isinstance(answer, NodeError):
        return outcome_of(answer)
    if isinstance(answer, EndpointError):
        return Broadcast.UNKNOWN if answer.may_have_arrived else None
    return Broadcast.UNKNOWN if isinstance(answer, Malformed) else None
