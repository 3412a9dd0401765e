"""A node asked in raw JSON-RPC: blocks, transactions and logs as the dicts they come as.

Typed clients refuse what they do not know, and a chain holds more than they know: Arbitrum's own
transaction types 100 to 106, of which some have no signature and some no value, and the newer types
of Ethereum. Here a transaction is a dict of which two or three fields are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import requests
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import event_signature_to_log_topic, function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from web3.exceptions import Web3Exception

LOG_BLOCKS = 50_000  # blocks of one log query; halved where the node allows fewer
ERROR_WIDTH = 200

Ask: TypeAlias = Callable[[str, list[Any]], Mapping[str, Any]]
OnProgress: TypeAlias = Callable[[str, int, int], None]  # what, blocks done, blocks in all


class NodeError(RuntimeError):
    """One line: what the node was asked, and what it said."""


@dataclass(frozen=True)
class Log:
    """`index` orders the logs of a block."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    tx: str
    index: int

    def word(self, topic: int) -> int:
        """An indexed number."""
        return int.from_bytes(self.topics[topic], "big")

    def account(self, topic: int) -> str:
        """An indexed address."""
        return str(to_checksum_address(self.topics[topic][-20:]))

    def values(self, *types: str) -> tuple[Any, ...]:
        """What is not indexed. Raises NodeError if the data is something else."""
        try:
            return decode(types, self.data)
        except DecodingError as error:
            raise NodeError(f"log {self.index} of block {self.block}: {error}") from None


class Node:
    """`ask` is `make_request` of a web3 provider: takes method and parameters, gives the answer."""

    def __init__(self, ask: Ask, *, on_progress: OnProgress | None = None) -> None:
        self._ask = ask
        self._on_progress = on_progress
        self.header = lru_cache(maxsize=4096)(lambda height: self._block(height, full=False))
        self.block = lru_cache(maxsize=64)(lambda height: self._block(height, full=True))
        self.transaction = lru_cache(maxsize=1024)(self._transaction)

    @classmethod
    def of(cls, web3: Any, *, on_progress: OnProgress | None = None) -> Node:
        return cls(web3.provider.make_request, on_progress=on_progress)

    def request(self, method: str, *params: Any) -> Any:
        """The result of one call. Raises NodeError."""
        try:
            answer = self._ask(method, list(params))
        except (requests.RequestException, Web3Exception, OSError) as error:
            raise NodeError(f"the node does not answer {method}: {_line(error)}") from None
        if answer.get("error"):
            problem = answer["error"]
            text = problem.get("message", problem) if isinstance(problem, Mapping) else problem
            raise NodeError(f"the node refuses {method}: {_line(text)}")
        return answer.get("result")

    def chain_id(self) -> int:
        return number(self.request("eth_chainId"))

    def height(self) -> int:
        """Number of the newest block, as the node counts: on Arbitrum that is the L2 number."""
        return number(self.request("eth_blockNumber"))

    def _block(self, height: int, *, full: bool) -> Mapping[str, Any]:
        """A block, raw: with its transactions, or with their hashes."""
        found: Mapping[str, Any] | None = self.request("eth_getBlockByNumber", hex(height), full)
        if found is None:
            raise NodeError(f"the node has no block {height}")
        return found

    def _transaction(self, tx: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] | None = self.request("eth_getTransactionByHash", tx)
        if found is None:
            raise NodeError(f"the node does not know transaction {tx}")
        return found

    def succeeded(self, tx: str) -> bool:
        receipt = self.request("eth_getTransactionReceipt", tx)
        if receipt is None:
            raise NodeError(f"the node has no receipt of {tx}")
        return number(receipt.get("status")) == 1

    def trace(self, tx: str) -> Mapping[str, Any] | None:
        """The tree of calls of a transaction; None where the node does not trace."""
        try:
            tree = self.request("debug_traceTransaction", tx, {"tracer": "callTracer"})
        except NodeError:
            return None
        return tree if isinstance(tree, Mapping) else None

    def balance(self, account: str, height: int) -> int:
        """ETH in wei at the end of a block."""
        return number(self.request("eth_getBalance", account, hex(height)))

    def call(
        self, to: str, signature: str, args: Sequence[Any], returns: Sequence[str], height: int
    ) -> tuple[Any, ...] | None:
        """A view at the end of a block; None where there is no contract yet."""
        kinds = signature[signature.index("(") + 1 : -1]
        data = function_signature_to_4byte_selector(signature) + encode(
            kinds.split(",") if kinds else [], args
        )
        result = self.request("eth_call", {"to": to, "data": "0x" + data.hex()}, hex(height))
        if result in (None, "0x"):
            return None
        try:
            return decode(returns, bytes.fromhex(result[2:]))
        except DecodingError as error:
            raise NodeError(f"{to} does not answer {signature}: {error}") from None

    def logs(
        self,
        address: str,
        event: str,
        first: int,
        last: int,
        *,
        where: Sequence[bytes | None] = (),
    ) -> list[Log]:
        """Logs of one event, oldest first; `where` are topics, None for any. Raises NodeError."""
        topics = [event_signature_to_log_topic(event), *where]
        query = {
            "address": address,
            "topics": [None if topic is None else "0x" + topic.hex() for topic in topics],
        }
        found: list[Log] = []
        start, step = first, LOG_BLOCKS
        while start <= last:
            end = min(start + step - 1, last)
            limits = {"fromBlock": hex(start), "toBlock": hex(end)}
            try:
                found += map(_log, self.request("eth_getLogs", {**query, **limits}))
            except NodeError:
                if start == end:
                    raise
                step = max(1, (end - start + 1) // 2)
                continue
            start = end + 1
            if self._on_progress:
                self._on_progress(event.split("(")[0], start - first, last - first + 1)
        return found


def contract_height(block: Mapping[str, Any]) -> int:
    """What `block.number` was to the contracts of a block: on Arbitrum about the number of L1."""
    return number(block.get("l1BlockNumber") or block["number"])


def number(quantity: Any) -> int:
    """A JSON-RPC quantity; absent counts as 0, as in the types that have no such field."""
    if quantity in (None, "", "0x"):
        return 0
    return quantity if isinstance(quantity, int) else int(quantity, 16)


def address_of(raw: Any) -> str | None:
    """An address field with its checksum; None for a creation or where there is none."""
    return str(to_checksum_address(raw)) if raw else None


def topic_of(account: str) -> bytes:
    """An address as an indexed argument."""
    return bytes(12) + bytes.fromhex(account[2:])


def _log(raw: Mapping[str, Any]) -> Log:
    return Log(
        address=str(to_checksum_address(raw["address"])),
        topics=tuple(bytes.fromhex(topic[2:]) for topic in raw["topics"]),
        data=bytes.fromhex(raw["data"][2:]),
        block=number(raw["blockNumber"]),
        tx=str(raw["transactionHash"]),
        index=number(raw["logIndex"]),
    )


def _line(problem: Any) -> str:
    return " ".join(str(problem).split())[:ERROR_WIDTH]
